//! Type names: `DECIMAL(9, 1)`, `ARRAY<INT>`, `MAP<INT, CHAR(7)>`, `STRUCT<a: INT, b: STRING COMMENT 'x'>`.

use super::{Parsed, Parser};
use crate::sql::ast::TypeName;

impl Parser<'_> {
    pub(super) fn type_name(&mut self) -> Parsed<TypeName> {
        let mut ty = TypeName { name: self.name()?.to_uppercase(), ..TypeName::default() };
        if ty.name == "UNSIGNED" || ty.name == "SIGNED" {
            // CAST(x AS UNSIGNED INT), MySQL's way to say BIGINT.
            self.eat("INT");
            self.eat("INTEGER");
        }
        if self.ahead_symbol(0, "(") {
            ty.arguments = self
                .list(|parser| if parser.eat_symbol("*") { Ok(None) } else { parser.count().map(Some) })?
                .into_iter()
                .flatten()
                .collect();
        }
        if self.eat_symbol("<") {
            loop {
                ty.inner.push(self.inner_type(ty.name == "STRUCT")?);
                if !self.eat_symbol(",") {
                    break;
                }
            }
            self.expect_symbol(">")?;
        }
        Ok(ty)
    }

    fn inner_type(&mut self, named: bool) -> Parsed<(Option<String>, TypeName)> {
        if !named {
            return Ok((None, self.type_name()?));
        }
        let name = self.name()?;
        self.expect_symbol(":")?;
        let ty = self.type_name()?;
        if self.eat("COMMENT") {
            self.text_literal()?;
        }
        Ok((Some(name), ty))
    }
}
