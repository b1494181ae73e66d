//! `#[component]`: a struct of the arguments, and how it is shown.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Attribute, Error, FnArg, ItemFn, Pat, Result};

pub(crate) fn expand(item: TokenStream) -> Result<TokenStream> {
    let function: ItemFn = syn::parse2(item)?;
    let name = &function.sig.ident;
    let visibility = &function.vis;
    let output = &function.sig.output;
    let block = &function.block;
    let (docs, others) = split(&function.attrs);
    let mut fields = Vec::new();
    let mut arguments = Vec::new();
    let mut names = Vec::new();
    for argument in &function.sig.inputs {
        let FnArg::Typed(argument) = argument else {
            return Err(Error::new_spanned(argument, "a component has no self"));
        };
        let Pat::Ident(pattern) = &*argument.pat else {
            return Err(Error::new_spanned(argument, "an attribute has a plain name"));
        };
        let (ident, kind) = (&pattern.ident, &argument.ty);
        let (docs, others) = split(&argument.attrs);
        if let Some(other) = others.first() {
            return Err(Error::new_spanned(other, "every attribute is given as it is"));
        }
        fields.push(quote!(#(#docs)* pub #ident: #kind));
        arguments.push(quote!(#pattern: #kind));
        names.push(ident);
    }
    Ok(quote! {
        #(#docs)*
        #visibility struct #name { #(#fields),* }

        impl crate::ui::Component for #name {
            fn view(self) -> crate::ui::AnyView {
                #(#others)*
                fn inner(#(#arguments),*) #output #block
                let Self { #(#names),* } = self;
                // What it reads by the way is not what it follows.
                crate::ui::prelude::untrack(move || {
                    crate::ui::IntoView::into_any(inner(#(#names),*))
                })
            }
        }
    })
}

/// What is documentation, and what is not.
fn split(attributes: &[Attribute]) -> (Vec<&Attribute>, Vec<&Attribute>) {
    attributes.iter().partition(|attribute| attribute.path().is_ident("doc"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_become_the_fields_of_a_struct() {
        let component = quote! {
            /// Shows it.
            pub fn Icon(
                /// Which one.
                mut glyph: Glyph,
            ) -> impl IntoView {
                draw(glyph)
            }
        };
        let expanded = expand(component).map(|tokens| tokens.to_string()).unwrap_or_default();
        let declared = quote! {
            /// Shows it.
            pub struct Icon {
                /// Which one.
                pub glyph: Glyph
            }
        };
        assert!(expanded.starts_with(&declared.to_string()), "{expanded}");
        let inner = quote!(
            fn inner(mut glyph: Glyph) -> impl IntoView {
                draw(glyph)
            }
        );
        assert!(expanded.contains(&inner.to_string()), "{expanded}");
    }

    #[test]
    fn an_attribute_that_leptos_knows_is_refused_instead_of_ignored() {
        let component = quote!(
            fn Icon(#[prop(optional)] glyph: Glyph) -> impl IntoView {}
        );
        let error = expand(component).map_or_else(|error| error.to_string(), |_| String::new());
        assert_eq!(error, "every attribute is given as it is");
    }
}
