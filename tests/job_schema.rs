//! docs/job.schema.json says what the job's keys are, for editors: it is made from the keys that a file is read by.

mod json_schema;

use canal_native::job::keys::JOB;
use canal_native::job::problem::Problems;
use canal_native::job::shape::{Member, Shape};
use canal_native::job::yaml::{Content, Node, parse};
use json_schema::broken;
use serde_json::{Map, Value, json};
use std::fs;
use std::path::Path;

fn schema() -> Value {
    let mut schema = of(&JOB);
    schema["$schema"] = json!("https://json-schema.org/draft/2020-12/schema");
    schema["title"] = json!("A canal-native job");
    schema
}

fn of(shape: &Shape) -> Value {
    match shape {
        Shape::Text => json!({"type": "string", "minLength": 1}),
        Shape::Scalar => json!({"type": ["string", "number", "boolean"]}),
        Shape::Flag => json!({"type": "boolean"}),
        Shape::Number(least, most) if *most < u64::MAX >> 1 => {
            json!({"type": "integer", "minimum": least, "maximum": most})
        }
        Shape::Number(least, _) => json!({"type": "integer", "minimum": least}),
        Shape::Choice(all) => json!({"enum": all}),
        Shape::Duration => {
            json!({"type": "string", "pattern": "^[0-9]+ ?([mM][sS]|[sS]([eE][cC])?|[mM]([iI][nN])?|[hH])$"})
        }
        Shape::Size => json!({"type": "string", "pattern": "^[0-9]+ ?([kKmMgG]?[bB]|[kKmMgG])$"}),
        Shape::Pattern => json!({"type": "string", "minLength": 1}),
        Shape::Addresses => json!({"oneOf": [address(), {"type": "array", "items": address()}]}),
        Shape::List(inner) => json!({"type": "array", "items": of(inner)}),
        Shape::Map(inner) => json!({"type": "object", "additionalProperties": of(inner)}),
        Shape::Object(members) => object(members),
        Shape::Either(first, members) => json!({"oneOf": [of(first), object(members)]}),
    }
}

fn address() -> Value {
    json!({"type": "string", "pattern": ":[0-9]+/?$"})
}

fn object(members: &[Member]) -> Value {
    let mut properties = Map::new();
    for member in members {
        let mut value = of(&member.shape);
        value["description"] = json!(format!("{}. {}: {}", member.about, member.name, member.example));
        properties.insert(member.name.into(), value);
    }
    let required: Vec<&str> = members.iter().filter(|member| member.required).map(|member| member.name).collect();
    json!({"type": "object", "properties": properties, "required": required, "additionalProperties": false})
}

fn published() -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/job.schema.json");
    serde_json::from_str(&fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))).unwrap()
}

#[test]
fn the_published_schema_has_the_keys() {
    let schema = schema();
    assert_eq!(schema, published(), "docs/job.schema.json should be\n{schema:#}");
}

/// A YAML value as JSON, by YAML's own types.
fn json_of(node: &Node) -> Value {
    match &node.content {
        Content::Scalar { text, quoted } if *quoted => json!(text),
        Content::Scalar { .. } if node.is_nothing() => Value::Null,
        Content::Scalar { text, .. } => match text.as_str() {
            "true" => json!(true),
            "false" => json!(false),
            _ => text.parse::<u64>().map_or_else(|_| json!(text), |number| json!(number)),
        },
        Content::List(nodes) => nodes.iter().map(json_of).collect(),
        Content::Map(entries) => {
            entries.iter().map(|entry| (entry.key.clone(), json_of(&entry.value))).collect::<Map<_, _>>().into()
        }
    }
}

fn yaml(text: &str) -> Value {
    json_of(&parse(text, &mut Problems::default()).expect("YAML"))
}

#[test]
fn good_files_are_valid() {
    for path in [
        "tests/data/job/topics.yaml",
        "tests/data/job/pattern.yaml",
        "tests/data/job/files.yaml",
        "examples/canal-to-doris.yaml",
    ] {
        let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap();
        assert_eq!(broken(&published(), &yaml(&text), ""), [""; 0], "{path}");
    }
}

/// Each key's own example is of its kind, so that a message does not advise a mistake.
#[test]
fn examples_are_valid() {
    fn all(members: &[Member], checked: &mut usize) {
        for member in members {
            let value = yaml(&format!("{}: {}", member.name, member.example))[member.name].clone();
            // `…` stands for what is shown elsewhere.
            if !member.example.contains('…') {
                assert_eq!(broken(&of(&member.shape), &value, member.name), [""; 0], "{}", member.example);
                *checked += 1;
            }
            all(member.shape.members(), checked);
        }
    }
    let mut checked = 0;
    all(JOB.members(), &mut checked);
    assert!(checked > 70, "only {checked} examples");
}

#[test]
fn bad_files_are_not() {
    for (text, word) in [
        ("nmae: x", ": nmae is not known"),
        ("name: x", ": target"),
        ("load: {format: xml}", ".load.format: enum"),
        ("load: {max-rows: 0}", ".load.max-rows: minimum"),
        ("load: {timeout: 10}", ".load.timeout: type"),
        ("load: {timeout: 10 parsecs}", ".load.timeout: pattern"),
        ("source: {canal: {kafka: {start: soon}}}", ".source.canal.kafka.start: oneOf"),
        ("tables: {include: shop}", ".tables.include: type"),
    ] {
        let found = broken(&published(), &yaml(text), "");
        assert!(found.iter().any(|line| line == word), "{text}: {found:?}");
    }
}
