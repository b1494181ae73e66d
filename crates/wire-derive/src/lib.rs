//! `#[derive(Json)]`: reads and writes a wire type as serde does, in a tenth of the code.
//!
//! It goes by the `#[serde(…)]` attributes that the types have anyway, so the two cannot say
//! different things; what it does not know is an error. The app's tests compare both.

use proc_macro::TokenStream;
use proc_macro2::TokenStream as Tokens;
use quote::quote;
use syn::{Attribute, Data, DeriveInput, Error, Fields, LitStr, Result};

/// Implements `ringback_wire::json::Json`.
#[proc_macro_derive(Json, attributes(serde))]
pub fn json(input: TokenStream) -> TokenStream {
    let input = syn::parse_macro_input!(input as DeriveInput);
    expand(&input).unwrap_or_else(|error| error.to_compile_error()).into()
}

fn expand(input: &DeriveInput) -> Result<Tokens> {
    let how = How::of(&input.attrs)?;
    let (read, write) = match &input.data {
        Data::Struct(data) => fields(&data.fields)?,
        Data::Enum(data) => {
            let mut variants = Vec::new();
            for variant in &data.variants {
                if !matches!(variant.fields, Fields::Unit) {
                    return Err(Error::new_spanned(variant, "Json knows variants without fields"));
                }
                let word = match (How::of(&variant.attrs)?.name, how.is_snake_case) {
                    (Some(name), _) => name,
                    (None, true) => snake_case(&variant.ident.to_string()),
                    (None, false) => variant.ident.to_string(),
                };
                variants.push((&variant.ident, word));
            }
            let (idents, words): (Vec<_>, Vec<_>) = variants.into_iter().unzip();
            (
                quote!(match value.text()? { #(#words => Some(Self::#idents),)* _ => None }),
                quote!(json::write_text(match self { #(Self::#idents => #words),* }, to)),
            )
        }
        Data::Union(_) => return Err(Error::new_spanned(input, "Json knows no unions")),
    };
    let name = &input.ident;
    Ok(quote! {
        impl crate::json::Json for #name {
            fn read(value: &mut crate::json::Value) -> Option<Self> {
                #[allow(unused_imports)]
                use crate::json;
                #read
            }

            fn write(&self, to: &mut String) {
                use crate::json;
                #write
            }
        }
    })
}

fn fields(fields: &Fields) -> Result<(Tokens, Tokens)> {
    let Fields::Named(fields) = fields else {
        return Err(Error::new_spanned(fields, "Json knows fields with names"));
    };
    let (mut reads, mut writes) = (Vec::new(), Vec::new());
    for field in &fields.named {
        let ident = field.ident.as_ref();
        let how = How::of(&field.attrs)?;
        let name = how.name.clone().or_else(|| ident.map(ToString::to_string)).unwrap_or_default();
        reads.push(match (how.has_default, how.tells_null) {
            (_, true) => quote!(#ident: json::present(value, #name)?),
            (true, false) => quote!(#ident: json::or_default(value, #name)?),
            (false, false) => quote!(#ident: json::member(value, #name)?),
        });
        let write = quote!(json::write_member(#name, &self.#ident, to););
        writes.push(if how.skips_none {
            quote!(if self.#ident.is_some() { #write })
        } else {
            write
        });
    }
    let read = quote!(Some(Self { #(#reads),* }));
    Ok((read, quote!(to.push('{'); #(#writes)* json::close(to);)))
}

/// What serde was told.
#[derive(Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is an attribute that is there or not")]
struct How {
    name: Option<String>,
    is_snake_case: bool,
    has_default: bool,
    skips_none: bool,
    tells_null: bool,
}

impl How {
    fn of(attributes: &[Attribute]) -> Result<Self> {
        let mut how = Self::default();
        for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("serde")) {
            attribute.parse_nested_meta(|meta| {
                let word = |meta: &syn::meta::ParseNestedMeta| {
                    Ok::<_, Error>(meta.value()?.parse::<LitStr>()?.value())
                };
                if meta.path.is_ident("default") {
                    how.has_default = true;
                } else if meta.path.is_ident("deny_unknown_fields") {
                    // The server is strict with requests; what the app reads is answers.
                } else if meta.path.is_ident("rename") {
                    how.name = Some(word(&meta)?);
                } else if meta.path.is_ident("rename_all") && word(&meta)? == "snake_case" {
                    how.is_snake_case = true;
                } else if meta.path.is_ident("skip_serializing_if")
                    && word(&meta)? == "Option::is_none"
                {
                    how.skips_none = true;
                } else if meta.path.is_ident("deserialize_with") && word(&meta)? == "there" {
                    how.tells_null = true;
                } else {
                    return Err(meta.error("Json does not know this"));
                }
                Ok(())
            })?;
        }
        Ok(how)
    }
}

/// `BadSignature` as `bad_signature`.
fn snake_case(name: &str) -> String {
    let mut snake = String::new();
    for (at, letter) in name.char_indices() {
        if at > 0 && letter.is_ascii_uppercase() {
            snake.push('_');
        }
        snake.push(letter.to_ascii_lowercase());
    }
    snake
}
