//! JSON bodies: by line or as a whole, roots, paths and arrays of rows.

use super::headers::{LoadError, Reading};
use super::plan::Plan;
use super::rows::{Field, RowBuilder};
use crate::json::{Json, JsonError, Reader};
use memchr::memmem;

/// A JSONPath as loads know it: keys and array indexes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Path(Vec<Step>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    Key(String),
    Item(usize),
    All,
}

impl Path {
    /// `$.a.b[0]`, `$."a.b"`; `None` if it is none.
    pub fn parse(text: &str) -> Option<Path> {
        let mut rest = text.trim().strip_prefix('$')?;
        let mut steps = Vec::new();
        while !rest.is_empty() {
            if let Some(after) = rest.strip_prefix('.') {
                let (key, used) = match after.strip_prefix('"') {
                    Some(quoted) => {
                        let end = quoted.find('"')?;
                        (&quoted[..end], end + 2)
                    }
                    None => {
                        let end = after.find(['.', '[']).unwrap_or(after.len());
                        (&after[..end], end)
                    }
                };
                if !key.is_empty() {
                    steps.push(Step::Key(key.to_owned()));
                }
                rest = &after[used..];
            } else {
                let inner = rest.strip_prefix('[')?;
                let end = inner.find(']')?;
                steps.push(match &inner[..end] {
                    "*" => Step::All,
                    digits => Step::Item(digits.parse().ok()?),
                });
                rest = &inner[end + 1..];
            }
        }
        Some(Path(steps))
    }

    /// The value at the path.
    pub fn find<'j>(&self, value: &'j Json) -> Option<&'j Json> {
        self.0.iter().try_fold(value, |value, step| match step {
            Step::Key(key) => value.get(key),
            Step::Item(index) => value.item(*index),
            Step::All => matches!(value, Json::Array(_)).then_some(value),
        })
    }
}

struct Shape<'a> {
    reading: &'a Reading,
    plan: &'a Plan,
    root: Option<Path>,
    paths: Option<Vec<Path>>,
}

/// Reads all rows of a body.
pub fn read(body: &[u8], reading: &Reading, plan: &Plan, rows: &mut RowBuilder) -> Result<(), LoadError> {
    let shape = Shape { reading, plan, root: root(reading)?, paths: paths(reading)? };
    if reading.read_json_by_line {
        let delimiter = &reading.line_delimiter[..];
        let mut rest = body;
        while !rest.is_empty() {
            let end = memmem::find(rest, delimiter).unwrap_or(rest.len());
            let line = &rest[..end];
            rest = &rest[(end + delimiter.len()).min(rest.len())..];
            if line.iter().all(u8::is_ascii_whitespace) {
                continue;
            }
            match Json::parse(line) {
                Ok(value) => shape.document(value, rows)?,
                Err(error) => unparsable(&error, line, rows)?,
            }
        }
        return Ok(());
    }
    let mut reader = Reader::new(body);
    while reader.peek().is_some() {
        match reader.value() {
            Ok(value) => shape.document(value, rows)?,
            Err(error) => return unparsable(&error, body, rows),
        }
    }
    Ok(())
}

fn unparsable(error: &JsonError, line: &[u8], rows: &mut RowBuilder) -> Result<(), LoadError> {
    let text = String::from_utf8_lossy(line);
    rows.bad(&format!("Parse json data failed. code: {}, error info: {}", error.code, error.text), &text)
}

fn root(reading: &Reading) -> Result<Option<Path>, LoadError> {
    let Some(text) = &reading.json_root else { return Ok(None) };
    Path::parse(text).map(Some).ok_or_else(|| LoadError::new("INVALID_ARGUMENT", format!("Invalid json root: {text}")))
}

fn paths(reading: &Reading) -> Result<Option<Vec<Path>>, LoadError> {
    let Some(text) = &reading.jsonpaths else { return Ok(None) };
    let fail = || LoadError::new("INVALID_ARGUMENT", format!("Invalid json path: {text}"));
    let Ok(Json::Array(items)) = Json::parse(text.as_bytes()) else { return Err(fail()) };
    let parsed: Option<Vec<Path>> = items.iter().map(|i| Path::parse(i.as_str()?)).collect();
    parsed.map(Some).ok_or_else(fail)
}

impl Shape<'_> {
    /// One document: a row, or with `strip_outer_array` an array of rows. `json_root` leads from the document to them, or,
    /// if the document is an array, from each of its items.
    fn document(&self, value: Json, rows: &mut RowBuilder) -> Result<(), LoadError> {
        let strip = self.reading.strip_outer_array;
        match value {
            Json::Array(items) if strip => items.into_iter().try_for_each(|item| match self.at_root(&item) {
                Some(found) => self.row(found.cloned().unwrap_or(item), rows),
                None => rows.bad("JSON Root not found.", &item.to_string()),
            }),
            value => match self.at_root(&value) {
                None => rows.bad("JSON Root not found.", &value.to_string()),
                Some(Some(Json::Array(items))) if strip => {
                    items.iter().try_for_each(|item| self.row(item.clone(), rows))
                }
                Some(found) => self.single(found.cloned().unwrap_or(value), rows),
            },
        }
    }

    /// What `json_root` leads to: `None` if nowhere, `Some(None)` if there is no root to follow.
    fn at_root<'j>(&self, value: &'j Json) -> Option<Option<&'j Json>> {
        match &self.root {
            None => Some(None),
            Some(root) => root.find(value).map(Some),
        }
    }

    fn single(&self, value: Json, rows: &mut RowBuilder) -> Result<(), LoadError> {
        let Reading { strip_outer_array: strip, read_json_by_line: by_line, .. } = *self.reading;
        if matches!(value, Json::Array(_)) {
            return rows.bad("JSON data is array-object, `strip_outer_array` must be TRUE.", &value.to_string());
        }
        if strip && !by_line && self.root.is_none() {
            let reason = "JSON data is not an array-object, `strip_outer_array` must be FALSE.";
            return rows.bad(reason, &value.to_string());
        }
        self.row(value, rows)
    }

    fn row(&self, value: Json, rows: &mut RowBuilder) -> Result<(), LoadError> {
        if !matches!(value, Json::Object(_)) {
            return rows.bad("Not object item", &value.to_string());
        }
        match &self.paths {
            Some(paths) => self.row_by_paths(value, paths, rows),
            None => self.row_by_names(value, rows),
        }
    }

    fn row_by_names(&self, value: Json, rows: &mut RowBuilder) -> Result<(), LoadError> {
        let sources = &self.plan.sources;
        let Json::Object(members) = value else { return Ok(()) };
        let mut fields: Vec<Field> = vec![Field::Missing; sources.len()];
        let mut unused = Vec::new();
        let mut found = 0;
        // Keys mostly come in the columns' order.
        let mut guess = 0;
        for (key, member) in members {
            let exact = |name: &String| *name == key;
            let position = match sources.get(guess) {
                Some(name) if exact(name) => Some(guess),
                _ => sources.iter().position(exact),
            };
            match position {
                // Of a repeated key the first counts.
                Some(i) if matches!(fields[i], Field::Missing) => {
                    fields[i] = self.field(member);
                    guess = i + 1;
                    found += 1;
                }
                Some(_) => {}
                None => unused.push((key, member)),
            }
        }
        if found == 0 {
            return self.nothing_matches(Json::Object(unused), rows);
        }
        rows.row(&mut fields)
    }

    fn row_by_paths(&self, value: Json, paths: &[Path], rows: &mut RowBuilder) -> Result<(), LoadError> {
        let find = |i: usize| paths.get(i).and_then(|p| p.find(&value)).cloned();
        let mut fields: Vec<Field> =
            (0..self.plan.sources.len()).map(|i| find(i).map_or(Field::Missing, |v| self.field(v))).collect();
        if fields.iter().all(|f| matches!(f, Field::Missing)) {
            return self.nothing_matches(value, rows);
        }
        // A path that leads nowhere is NULL, not the default.
        for field in &mut fields {
            if matches!(field, Field::Missing) {
                *field = Field::Json(Json::Null);
            }
        }
        rows.row(&mut fields)
    }

    fn field<'f>(&self, value: Json) -> Field<'f> {
        match value {
            Json::Number(text) if !self.reading.num_as_string => Field::Json(Json::Number(text)),
            Json::Number(text) => Field::Owned(text),
            other => Field::Json(other),
        }
    }

    fn nothing_matches(&self, value: Json, rows: &mut RowBuilder) -> Result<(), LoadError> {
        let columns: String = self.plan.sources.iter().map(|s| format!("{s}, ")).collect();
        let jsonpaths = self.reading.jsonpaths.as_deref().unwrap_or("");
        let reason = format!(
            "There is no column matching jsonpaths in the json file, columns:[{columns}], please check columns and \
             jsonpaths:{jsonpaths}"
        );
        rows.bad(&reason, &value.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_goes_through_keys_quoted_keys_and_items() {
        let value = Json::parse(br#"{"a":{"b.c":[1,{"d":2}]}}"#).unwrap();
        let find = |p: &str| Path::parse(p).unwrap().find(&value).map(Json::to_string);
        assert_eq!(find("$.a.\"b.c\"[1].d").as_deref(), Some("2"));
        assert_eq!(find("$.a.x"), None);
        assert_eq!(find("$.").as_deref(), Some(value.to_string().as_str()));
        assert!(Path::parse("a.b").is_none());
    }
}
