//! The order of the program's functions: those that are alike lie beside each other, which Brotli
//! takes well. Alike are those of the same type whose code begins in the same way.

use wasmparser::{BinaryReaderError, Parser, Payload, TypeRef};

/// Which function comes where. Those that the program imports stay before its own.
pub(crate) struct Order {
    imported: u32,
    /// The own functions, counted from 0, in their new order.
    sorted: Vec<u32>,
    /// The new place of each own function.
    places: Vec<u32>,
}

impl Order {
    /// By type, then by code.
    ///
    /// # Errors
    /// When it is no program.
    pub(crate) fn by_likeness(program: &[u8]) -> Result<Self, BinaryReaderError> {
        let mut imported = 0;
        let mut types = Vec::new();
        let mut codes = Vec::new();
        for part in Parser::new(0).parse_all(program) {
            match part? {
                Payload::ImportSection(imports) => {
                    for import in imports.into_imports() {
                        imported += u32::from(matches!(import?.ty, TypeRef::Func(_)));
                    }
                }
                Payload::FunctionSection(section) => {
                    types = section.into_iter().collect::<Result<_, _>>()?;
                }
                Payload::CodeSectionEntry(code) => codes.push(code.as_bytes().to_vec()),
                _ => {}
            }
        }
        let mut functions: Vec<_> = (0..).zip(types.into_iter().zip(codes)).collect();
        functions.sort_by(|(_, one), (_, other)| one.cmp(other));
        let sorted: Vec<u32> = functions.into_iter().map(|(function, _)| function).collect();
        let mut places = sorted.clone();
        for (place, function) in (0..).zip(&sorted) {
            places[*function as usize] = place;
        }
        Ok(Self { imported, sorted, places })
    }

    /// The new index of the function that had this one.
    pub(crate) fn index(&self, before: u32) -> u32 {
        let own = before.checked_sub(self.imported).and_then(|own| self.places.get(own as usize));
        own.map_or(before, |place| self.imported + place)
    }

    /// What belongs to each of the own functions, in the new order.
    pub(crate) fn sort<T: Clone>(&self, parts: &[T]) -> Vec<T> {
        self.sorted.iter().filter_map(|own| parts.get(*own as usize)).cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasm_encoder::{
        CodeSection, EntityType, Function, FunctionSection, ImportSection, Module, TypeSection,
        ValType,
    };

    #[test]
    fn own_functions_are_ordered_by_type_and_code_and_imported_ones_stay() {
        let mut types = TypeSection::new();
        types.ty().function([], []);
        types.ty().function([ValType::I32], []);
        let mut imports = ImportSection::new();
        imports.import("script", "tell", EntityType::Function(0));
        let (mut functions, mut code) = (FunctionSection::new(), CodeSection::new());
        for (kind, nothings) in [(1, 1), (0, 3), (0, 1), (1, 0)] {
            functions.function(kind);
            let mut body = Function::new([]);
            for _ in 0..nothings {
                body.instructions().nop();
            }
            body.instructions().end();
            code.function(&body);
        }
        let mut module = Module::new();
        module.section(&types).section(&imports).section(&functions).section(&code);
        let order = Order::by_likeness(&module.finish()).expect("a program");
        // A `nop` is 1, an `end` 11.
        let names = ["one 1", "none 3", "none 1", "one 0"];
        assert_eq!(order.sort(&names), ["none 3", "none 1", "one 1", "one 0"]);
        assert_eq!([0, 1, 2, 3, 4].map(|index| order.index(index)), [0, 3, 1, 2, 4]);
    }
}
