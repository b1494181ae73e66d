//! `view!`: a program and its slots.

use crate::program::{Program, Step};
use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use rstml::node::{
    KeyedAttribute, KeyedAttributeValue, Node, NodeAttribute, NodeBlock, NodeElement, NodeName,
};
use rstml::{Infallible, Parser, ParserConfig};
use syn::spanned::Spanned;
use syn::{Error, Expr, Result};

/// What the app uses of SVG.
const SVG: &[&str] = &["svg", "path", "circle", "rect", "line", "polyline", "g"];

pub(crate) fn expand(input: TokenStream) -> Result<TokenStream> {
    let nodes = Parser::new(ParserConfig::new().recover_block(true)).parse_simple(input)?;
    view_of(&nodes)
}

fn view_of(nodes: &[Node]) -> Result<TokenStream> {
    let mut view = View::default();
    for node in nodes {
        view.node(node)?;
    }
    // What is nothing but one value needs nothing built.
    if let ([slot], Some("\u{4}")) = (&*view.slots, Some(&*view.program.0)) {
        return Ok(slot.clone());
    }
    let (program, slots) = (&view.program.0, &view.slots);
    Ok(quote!(crate::ui::build(#program, &mut [#(#slots),*])))
}

#[derive(Default)]
struct View {
    program: Program,
    slots: Vec<TokenStream>,
}

impl View {
    fn step(&mut self, step: Step, text: &str, at: Span) -> Result<()> {
        self.program.step(step, text).map_err(|why| Error::new(at, why))
    }

    fn node(&mut self, node: &Node) -> Result<()> {
        match node {
            Node::Element(element) if is_component(element.name()) => {
                self.slots.push(component(element)?);
                self.step(Step::Slot, "", Span::call_site())
            }
            Node::Element(element) => self.element(element),
            Node::Text(text) => {
                let (text, at) = (text.value_string(), text.value.span());
                self.step(Step::Text, &text, at)
            }
            Node::Block(block) => {
                let value = block_value(block);
                self.slots.push(quote_spanned!(block.span()=> crate::ui::child(#value)));
                self.step(Step::Slot, "", Span::call_site())
            }
            Node::Fragment(fragment) => {
                fragment.children().iter().try_for_each(|node| self.node(node))
            }
            Node::Comment(_) => Ok(()),
            other => Err(Error::new_spanned(other, "quote what is text")),
        }
    }

    fn element(&mut self, element: &NodeElement<Infallible>) -> Result<()> {
        let (name, at) = (element.name().to_string(), element.name().span());
        let step = if SVG.contains(&&*name) { Step::OpenSvg } else { Step::Open };
        self.step(step, &name, at)?;
        for attribute in element.attributes() {
            self.attribute(keyed(attribute)?)?;
        }
        element.children().iter().try_for_each(|node| self.node(node))?;
        self.step(Step::Close, "", at)
    }

    fn attribute(&mut self, attribute: &KeyedAttribute) -> Result<()> {
        let (name, at) = (attribute.key.to_string(), attribute.key.span());
        let value = attribute.value();
        if let Some((kind, name)) = name.split_once(':') {
            let value = value.ok_or_else(|| Error::new(at, "it needs a value"))?;
            return self.special(kind, name, value, at);
        }
        if let Some(text) = attribute.value_literal_string() {
            return self.step(Step::Attribute, &format!("{name}={text}"), at);
        }
        match value {
            None => self.step(Step::Attribute, &format!("{name}="), at),
            // `class=("name", condition)` and `style=("--name", value)`
            Some(Expr::Tuple(pair)) if pair.elems.len() == 2 => {
                let Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(of), .. }) = &pair.elems[0] else {
                    return Err(Error::new_spanned(pair, "the name is a literal"));
                };
                self.special(&name, &of.value(), &pair.elems[1], at)
            }
            Some(value) if name == "node_ref" => {
                self.slots.push(quote_spanned!(value.span()=> crate::ui::AnyView::from(#value)));
                self.step(Step::Special, "r", at)
            }
            Some(value) => {
                self.slots.push(quote_spanned!(value.span()=> crate::ui::child(#value)));
                self.step(Step::Dynamic, &name, at)
            }
        }
    }

    fn special(&mut self, kind: &str, name: &str, value: &Expr, at: Span) -> Result<()> {
        let letter = match kind {
            "prop" => 'p',
            "class" => 'c',
            "style" => 's',
            "on" => {
                let event = format_ident!("{name}", span = at);
                self.slots.push(
                    quote_spanned!(value.span()=> crate::ui::listener(crate::ui::ev::#event, #value)),
                );
                return self.step(Step::Special, &format!("o{name}"), at);
            }
            "bind" if name == "value" => {
                self.slots.push(quote_spanned!(value.span()=> crate::ui::child(#value)));
                self.step(Step::Special, "pvalue", at)?;
                self.slots.push(quote_spanned!(value.span()=> crate::ui::typed_into(#value)));
                return self.step(Step::Special, "oinput", at);
            }
            _ => return Err(Error::new(at, "no such kind of attribute")),
        };
        self.slots.push(quote_spanned!(value.span()=> crate::ui::child(#value)));
        self.step(Step::Special, &format!("{letter}{name}"), at)
    }
}

/// `<Show>` and what `#[component]` made.
fn component(element: &NodeElement<Infallible>) -> Result<TokenStream> {
    let name = element.name();
    let mut fields = Vec::new();
    for attribute in element.attributes() {
        let attribute = keyed(attribute)?;
        let field = &attribute.key;
        fields.push((field.to_string(), field, attribute.value()));
    }
    if name.to_string() == "Show" {
        let find = |wanted: &str| fields.iter().find(|(name, ..)| name == wanted)?.2;
        let when = find("when").ok_or_else(|| Error::new_spanned(name, "shown when?"))?;
        let children = view_of(element.children())?;
        return Ok(match find("fallback") {
            None => quote!(crate::ui::show(#when, move || #children)),
            Some(other) => quote!(crate::ui::show_or(#when, move || #children, #other)),
        });
    }
    if let Some(child) = element.children().first() {
        return Err(Error::new_spanned(child, "components have no children"));
    }
    let fields = fields.iter().map(|(_, field, value)| match value {
        None => quote!(#field),
        Some(value) => quote!(#field: #value),
    });
    Ok(quote!(crate::ui::Component::view(#name { #(#fields),* })))
}

fn is_component(name: &NodeName) -> bool {
    matches!(name, NodeName::Path(_))
        && name
            .to_string()
            .rsplit("::")
            .next()
            .is_some_and(|name| name.starts_with(|letter: char| letter.is_ascii_uppercase()))
}

fn keyed(attribute: &NodeAttribute) -> Result<&KeyedAttribute> {
    match attribute {
        NodeAttribute::Attribute(attribute)
            if !matches!(attribute.possible_value, KeyedAttributeValue::Binding(_)) =>
        {
            Ok(attribute)
        }
        other => Err(Error::new_spanned(other, "an attribute is name=value")),
    }
}

/// What is inside the braces, without them when it is one expression.
fn block_value(block: &NodeBlock) -> TokenStream {
    if let NodeBlock::ValidBlock(block) = block
        && let [syn::Stmt::Expr(value, None)] = &*block.stmts
    {
        return quote!(#value);
    }
    quote!(#block)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a view expands to: the text of the program with its steps by letter, and the slots.
    fn expanded(view: TokenStream) -> String {
        let text = expand(view).map_or_else(|error| error.to_string(), |tokens| tokens.to_string());
        let steps = ["<", "/", "'", "*", "=", "~", ":", "S"];
        (1..=8).zip(steps).fold(text, |text, (step, letter)| {
            text.replace(&format!("\\u{{{step}}}"), &format!(" {letter}"))
        })
    }

    #[test]
    fn what_does_not_change_is_a_text_alone() {
        let view = quote!(<p class="quiet" hidden>"Nothing " <b>"here"</b></p>);
        let expected = r#"crate :: ui :: build (" <p =class=quiet =hidden= 'Nothing  <b 'here / /" , & mut [])"#;
        assert_eq!(expanded(view), expected);
    }

    #[test]
    fn what_changes_is_a_slot_in_the_order_of_the_steps() {
        let view = quote! {
            <input id=id prop:value=text class:on=is_on class=("off", is_off) on:input=typed/> {after}
        };
        let expected = concat!(
            r#"crate :: ui :: build (" <input ~id :pvalue :con :coff :oinput / *" , & mut ["#,
            "crate :: ui :: child (id) , crate :: ui :: child (text) , ",
            "crate :: ui :: child (is_on) , crate :: ui :: child (is_off) , ",
            "crate :: ui :: listener (crate :: ui :: ev :: input , typed) , ",
            "crate :: ui :: child (after)])",
        );
        assert_eq!(expanded(view), expected);
    }

    #[test]
    fn a_field_is_shown_and_typed_into() {
        let expected = concat!(
            r#"crate :: ui :: build (" <input :pvalue :oinput /" , & mut ["#,
            "crate :: ui :: child (name) , crate :: ui :: typed_into (name)])",
        );
        assert_eq!(expanded(quote!(<input bind:value=name/>)), expected);
    }

    #[test]
    fn a_component_is_a_struct_of_its_attributes() {
        let expected = "crate :: ui :: Component :: view (Icon { glyph , size : 2 })";
        assert_eq!(expanded(quote!(<Icon glyph size=2/>)), expected);
    }

    #[test]
    fn show_takes_what_is_inside_and_what_is_there_otherwise() {
        let inside = r#"crate :: ui :: build (" <p /" , & mut [])"#;
        let expected = format!("crate :: ui :: show (open , move || {inside})");
        assert_eq!(expanded(quote!(<Show when=open><p></p></Show>)), expected);
        let expected = format!("crate :: ui :: show_or (open , move || {inside} , other)");
        assert_eq!(expanded(quote!(<Show when=open fallback=other><p></p></Show>)), expected);
    }

    #[test]
    fn elements_of_a_drawing_are_made_as_such() {
        assert_eq!(
            expanded(quote!(<svg><path d=line></path></svg>)),
            r#"crate :: ui :: build (" Ssvg Spath ~d / /" , & mut [crate :: ui :: child (line)])"#
        );
    }

    #[test]
    fn what_the_steps_do_not_know_is_an_error() {
        assert_eq!(expanded(quote!(<p use:focus=x></p>)), "no such kind of attribute");
        assert_eq!(expanded(quote!(<p {..rest}></p>)), "an attribute is name=value");
        assert_eq!(expanded(quote!(<Icon>"text"</Icon>)), "components have no children");
        assert_eq!(expanded(quote!(<p>"\u{3}"</p>)), "a control character has no place in a view");
    }
}
