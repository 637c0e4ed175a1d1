//! The rules of ARCHITECTURE.md about what may know what, held by looking at the sources.

use std::fs;
use std::path::{Path, PathBuf};

fn sources() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("native/src");
    let mut files = Vec::new();
    collect(&root, &mut files);
    let mut sources: Vec<(String, String)> = files
        .into_iter()
        .map(|path| {
            let name = path.strip_prefix(&root).expect("below native/src").to_string_lossy().replace('\\', "/");
            (name, code_of(&fs::read_to_string(path).expect("a source")))
        })
        .collect();
    sources.sort_unstable();
    assert!(sources.len() >= 15, "only {} sources were found below {}", sources.len(), root.display());
    sources
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display())) {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            files.push(path);
        }
    }
}

/// The text without comments, and without what stands between double quotes.
fn code_of(text: &str) -> String {
    text.lines().map(code_of_line).collect::<Vec<_>>().join("\n")
}

fn code_of_line(line: &str) -> String {
    let mut code = String::new();
    let (mut quoted, mut escaped) = (false, false);
    let bytes = line.as_bytes();
    for (i, c) in line.char_indices() {
        if !quoted && line[i..].starts_with("//") {
            break;
        }
        // A quote in single quotes opens no string.
        let alone = i > 0 && bytes[i - 1] == b'\'' && bytes.get(i + 1) == Some(&b'\'');
        if c == '"' && !escaped && !alone {
            quoted = !quoted;
        }
        escaped = c == '\\' && !escaped;
        code.push(if quoted { ' ' } else { c });
    }
    code
}

/// Whether `word` stands in `code` by itself.
fn has_word(code: &str, word: &str) -> bool {
    let part = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
    code.match_indices(word).any(|(at, _)| {
        let before = at.checked_sub(1).is_some_and(|i| part(code.as_bytes()[i]));
        let after = code.as_bytes().get(at + word.len()).is_some_and(|b| part(*b));
        !before && !after
    })
}

/// Lines of `folder`'s sources that name a module of the crate, other than those allowed.
fn crossings(folder: &str, allowed: &[&str]) -> Vec<String> {
    let modules = [
        "bridge",
        "batch",
        "canal",
        "doris",
        "interrupt",
        "sync",
        "snapshot",
        "changes",
        "binlog",
        "wal",
        "redo",
        "preflight",
        "job",
        "verify",
        "meta",
        "row",
        "schema",
        "text",
        "tls",
        "error",
        "json",
    ];
    let mut found = Vec::new();
    for (name, code) in sources() {
        let module = name.split(['/', '.']).next().expect("a module");
        if module != folder {
            continue;
        }
        for (i, line) in code.lines().enumerate() {
            for other in modules.iter().filter(|m| **m != folder && !allowed.contains(m)) {
                if has_word(line, "crate") && has_word(line, other) {
                    found.push(format!("native/src/{name}:{}: {folder} may not know {other}: {}", i + 1, line.trim()));
                }
            }
        }
    }
    found
}

#[test]
fn modules_know_only_what_they_may() {
    let mut found = Vec::new();
    for (folder, allowed) in [
        ("error", [].as_slice()),
        ("schema", &["error"]),
        ("json", &["error"]),
        ("row", &["json", "schema", "error"]),
        ("meta", &["canal", "json", "row", "schema", "error"]),
        ("text", &["json", "row", "schema"]),
        ("canal", &["json", "meta", "row", "schema", "text", "error"]),
        ("batch", &["canal", "meta", "row", "schema", "error"]),
        ("interrupt", &[]),
        ("tls", &[]),
        ("doris", &["interrupt", "json", "row", "schema", "text", "tls", "error"]),
        ("sync", &["canal", "doris", "json", "row", "schema", "error"]),
        ("snapshot", &["interrupt", "json", "sync", "tls", "error"]),
        ("changes", &["interrupt", "json", "snapshot", "sync", "error"]),
        ("binlog", &["changes", "interrupt", "json", "snapshot", "sync", "error"]),
        ("wal", &["changes", "interrupt", "json", "snapshot", "sync", "tls", "error"]),
        ("redo", &["changes", "json", "snapshot", "sync", "error"]),
        ("preflight", &["binlog", "redo", "wal", "changes", "doris", "snapshot", "sync", "error"]),
        ("job", &["doris", "sync", "error"]),
        ("verify", &["canal", "doris", "interrupt", "row", "schema", "snapshot", "sync", "error"]),
    ] {
        found.extend(crossings(folder, allowed));
    }
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

/// `json` is about JSON: not even a word of Canal, Flink's rows, or JNI.
#[test]
fn json_names_no_canal() {
    let words = ["canal", "Canal", "flink", "Flink", "jni", "arrow", "mysql", "old", "Decoder"];
    for (name, code) in sources().iter().filter(|(name, _)| name.starts_with("json")) {
        for word in words {
            assert!(!has_word(code, word), "native/src/{name} names {word}; json knows only JSON");
        }
    }
}

#[test]
fn jni_only_in_bridge() {
    for (name, code) in sources().iter().filter(|(name, _)| !name.starts_with("bridge/")) {
        for word in ["jni", "JNIEnv", "JObject", "no_mangle", "jlong"] {
            assert!(!has_word(code, word), "native/src/{name} names {word}: everything about JNI belongs into bridge/");
        }
    }
}

/// `unsafe` is for the boundary, and for vector loads in JSON scanning.
#[test]
fn unsafe_only_in_bridge_and_scanning() {
    let allowed = |name: &str| name.starts_with("bridge/") || name.starts_with("json/scan/");
    for (name, code) in sources() {
        if !allowed(&name) {
            let line = code.lines().position(|line| has_word(line, "unsafe")).map(|line| line + 1);
            assert_eq!(line, None, "native/src/{name} has unsafe code in this line; only bridge/ and json/scan/ may");
        }
    }
}

/// Each `unsafe` block says why it is sound.
#[test]
fn unsafe_code_says_why() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("native/src");
    for (name, code) in sources() {
        let text = fs::read_to_string(root.join(&name)).expect("a source");
        let lines: Vec<&str> = text.lines().collect();
        for (i, line) in code.lines().enumerate() {
            let block = has_word(line, "unsafe") && line.contains("unsafe {");
            let reason = lines[i.saturating_sub(6)..=i].iter().any(|line| line.contains("SAFETY"));
            assert!(!block || reason, "native/src/{name}:{}: no SAFETY comment above this unsafe block", i + 1);
        }
    }
}

/// Rows come from outside: whatever their bytes, reading them is no panic.
#[test]
fn reading_rows_cannot_panic() {
    let indexed = |line: &str| {
        line.match_indices('[')
            .any(|(at, _)| line[..at].ends_with(|c: char| c.is_alphanumeric() || matches!(c, '_' | ')' | ']')))
    };
    let (_, code) = sources().into_iter().find(|(name, _)| name == "row/read.rs").expect("row/read.rs");
    for (i, line) in code.lines().enumerate() {
        let words = ["unwrap", "expect", "panic", "unreachable", "assert"];
        let may_panic = indexed(line) || words.iter().any(|word| has_word(line, word));
        assert!(!may_panic, "native/src/row/read.rs:{} may panic: {}", i + 1, line.trim());
    }
    assert!(indexed("bytes[0]") && indexed("f()[0]") && !indexed("#[derive]") && !indexed("&'a [u8]"));
}

/// The rule itself sees what it must.
#[test]
fn words_are_found_in_code_only() {
    assert!(has_word(&code_of("use crate::canal::x;"), "canal"));
    assert!(!has_word(&code_of("// crate::canal"), "canal"));
    assert!(!has_word(&code_of("let x = \"canal\";"), "canal"));
    assert!(has_word(&code_of("x == b'\"'; unsafe { y }"), "unsafe"));
    assert!(!has_word("unsafely", "unsafe"));
}
