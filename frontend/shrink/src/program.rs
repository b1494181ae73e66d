//! The program's imports and exports under other names, its functions in another order, and nothing of
//! where its source lay.

use crate::names::Names;
use crate::order::Order;
use crate::places::{Paths, Places, forget};
use std::error::Error;
use wasm_encoder::reencode::{self, Reencode};
use wasm_encoder::{
    CodeSection, DataSection, ExportSection, FunctionSection, ImportSection, Module,
};

struct Shrinking<'a> {
    names: &'a mut Names,
    paths: &'a Paths,
    order: &'a Order,
}

impl Reencode for Shrinking<'_> {
    type Error = std::convert::Infallible;

    fn function_index(&mut self, before: u32) -> Result<u32, reencode::Error<Self::Error>> {
        Ok(self.order.index(before))
    }

    fn parse_function_section(
        &mut self,
        functions: &mut FunctionSection,
        section: wasmparser::FunctionSectionReader<'_>,
    ) -> Result<(), reencode::Error<Self::Error>> {
        let kinds = section.into_iter().collect::<Result<Vec<_>, _>>()?;
        for kind in self.order.sort(&kinds) {
            functions.function(self.type_index(kind)?);
        }
        Ok(())
    }

    fn parse_code_section(
        &mut self,
        code: &mut CodeSection,
        section: wasmparser::CodeSectionReader<'_>,
    ) -> Result<(), reencode::Error<Self::Error>> {
        let bodies = section.into_iter().collect::<Result<Vec<_>, _>>()?;
        for body in self.order.sort(&bodies) {
            self.parse_function_body(code, body)?;
        }
        Ok(())
    }

    fn parse_imports(
        &mut self,
        section: &mut ImportSection,
        imports: wasmparser::Imports<'_>,
    ) -> Result<(), reencode::Error<Self::Error>> {
        for import in imports {
            let (_, import) = import?;
            let kind = self.entity_type(import.ty)?;
            section.import(import.module, &self.names.shorten(import.name), kind);
        }
        Ok(())
    }

    fn parse_export(
        &mut self,
        exports: &mut ExportSection,
        export: wasmparser::Export<'_>,
    ) -> Result<(), reencode::Error<Self::Error>> {
        let kind = self.export_kind(export.kind)?;
        let index = self.external_index(export.kind, export.index)?;
        exports.export(&self.names.shorten(export.name), kind, index);
        Ok(())
    }

    /// Browsers need to know neither the compiler nor its features.
    fn parse_custom_section(
        &mut self,
        _: &mut Module,
        _: wasmparser::CustomSectionReader<'_>,
    ) -> Result<(), reencode::Error<Self::Error>> {
        Ok(())
    }

    fn parse_data(
        &mut self,
        section: &mut DataSection,
        data: wasmparser::Data<'_>,
    ) -> Result<(), reencode::Error<Self::Error>> {
        let kept = address(&data).map(|begin| forget(self.paths, begin, data.data));
        let data = wasmparser::Data { data: kept.as_deref().unwrap_or(data.data), ..data };
        reencode::utils::parse_data(self, section, data)
    }
}

/// Where data is laid in memory, when the program says so in one number.
fn address(data: &wasmparser::Data<'_>) -> Option<u32> {
    let wasmparser::DataKind::Active { offset_expr, .. } = &data.kind else { return None };
    match offset_expr.get_operators_reader().read() {
        Ok(wasmparser::Operator::I32Const { value }) => Some(value.cast_unsigned()),
        _ => None,
    }
}

fn find_paths(program: &[u8], places: &Places) -> Result<Paths, wasmparser::BinaryReaderError> {
    let mut paths = Paths::new();
    for part in wasmparser::Parser::new(0).parse_all(program) {
        if let wasmparser::Payload::DataSection(section) = part? {
            for data in section {
                let data = data?;
                paths.extend(address(&data).into_iter().flat_map(|at| places.find(at, data.data)));
            }
        }
    }
    Ok(paths)
}

/// Gives the program's imports and exports the names that `names` has for them, orders its functions,
/// and forgets the paths that begin as in `places`.
///
/// # Errors
/// When it is no program, or would be none afterwards.
pub(crate) fn shrink(
    program: &[u8],
    names: &mut Names,
    places: &Places,
) -> Result<Vec<u8>, Box<dyn Error>> {
    let paths = find_paths(program, places)?;
    let order = Order::by_likeness(program)?;
    let mut module = Module::new();
    let mut shrinking = Shrinking { names, paths: &paths, order: &order };
    shrinking.parse_core_module(&mut module, wasmparser::Parser::new(0), program)?;
    let short = module.finish();
    wasmparser::validate(&short)?;
    Ok(short)
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasm_encoder::{ExportKind, MemorySection, MemoryType, ValType};

    #[test]
    fn imports_and_exports_get_the_short_names_and_the_rest_stays() {
        let mut module = Module::new();
        let mut memories = MemorySection::new();
        memories.memory(MemoryType {
            minimum: 1,
            maximum: None,
            memory64: false,
            shared: false,
            page_size_log2: None,
        });
        let mut exports = ExportSection::new();
        exports.export("memory", ExportKind::Memory, 0);
        exports.export("__wbg_memory", ExportKind::Memory, 0);
        let mut imports = ImportSection::new();
        let kind =
            wasm_encoder::GlobalType { val_type: ValType::I32, mutable: false, shared: false };
        imports.import("./script.js", "__wbg_global", kind);
        let compiler =
            wasm_encoder::CustomSection { name: "producers".into(), data: b"rustc".into() };
        module.section(&imports).section(&memories).section(&exports).section(&compiler);
        let mut names = Names::of("memory __wbg_memory __wbg_global");
        let short = shrink(&module.finish(), &mut names, &Places::default()).expect("a program");
        let text = String::from_utf8_lossy(&short);
        for name in ["./script.js", "memory", "$0", "$1"] {
            assert!(text.contains(name), "{text}");
        }
        assert!(!text.contains("__wbg") && !text.contains("producers"), "{text}");
    }

    #[test]
    fn what_is_no_program_is_refused() {
        assert!(shrink(b"<html>", &mut Names::default(), &Places::default()).is_err());
    }
}
