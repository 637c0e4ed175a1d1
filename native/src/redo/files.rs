//! The log's files, and how LogMiner is told of them.

use crate::snapshot::quoted::quoted_text;
use std::collections::BTreeMap;

/// Files that are read at once: a reading cannot be interrupted.
const AT_ONCE: usize = 3;

/// What ends a reading.
pub const END: &str = "BEGIN DBMS_LOGMNR.END_LOGMNR; END;";

/// The files that have the log from `scn` on: number, first and next SCN, name, and whether it is written to (C), waits for being written to again (O), or was archived (A).
pub fn query(scn: u64) -> String {
    format!(
        "SELECT TO_CHAR(SEQUENCE#), TO_CHAR(FIRST_CHANGE#), TO_CHAR(NEXT_CHANGE#), NAME, 'A' FROM V$ARCHIVED_LOG WHERE NAME IS NOT NULL AND STATUS = 'A' AND STANDBY_DEST = 'NO' \
         AND RESETLOGS_CHANGE# = (SELECT RESETLOGS_CHANGE# FROM V$DATABASE) AND NEXT_CHANGE# > {scn} \
         UNION ALL SELECT TO_CHAR(l.SEQUENCE#), TO_CHAR(l.FIRST_CHANGE#), TO_CHAR(l.NEXT_CHANGE#), MIN(f.MEMBER), DECODE(l.STATUS, 'CURRENT', 'C', 'O') \
         FROM V$LOG l JOIN V$LOGFILE f ON f.GROUP# = l.GROUP# WHERE l.STATUS <> 'UNUSED' AND l.NEXT_CHANGE# > {scn} \
         GROUP BY l.SEQUENCE#, l.FIRST_CHANGE#, l.NEXT_CHANGE#, l.STATUS"
    )
}

/// Files that are read together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Files {
    names: Vec<String>,
    /// Where the next one begins; None if the last is the one that is written to.
    pub up_to: Option<u64>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct File {
    first: u64,
    next: u64,
    name: String,
    kind: char,
}

impl Files {
    /// Those that have the log from `scn` on, of the answer to [`query`].
    ///
    /// # Errors
    /// Why there are none.
    pub fn from(scn: u64, answer: Vec<Vec<Option<String>>>) -> Result<Files, String> {
        let mut all: BTreeMap<u64, File> = BTreeMap::new();
        for row in answer {
            let Ok([Some(number), Some(first), Some(next), Some(name), Some(kind)]) =
                <[Option<String>; 5]>::try_from(row)
            else {
                continue;
            };
            let (Ok(number), Ok(first)) = (number.parse(), first.parse()) else { continue };
            let kind = kind.chars().next().unwrap_or('O');
            let file = File { first, next: next.parse().unwrap_or(u64::MAX), name, kind };
            // One that was archived stays as it is.
            match all.get(&number) {
                Some(there) if there.kind == 'A' => {}
                _ => {
                    all.insert(number, file);
                }
            }
        }
        let earliest = all.values().map(|file| file.first).min();
        let Some(begin) =
            all.iter().rev().find(|(_, file)| file.first <= scn && scn < file.next).map(|(number, _)| *number)
        else {
            let there = earliest
                .map_or("no file of it is there".into(), |first| format!("what is there begins at SCN {first}"));
            return Err(format!("the log is gone from SCN {scn} on, where the job would go on: {there}"));
        };
        let files: Vec<&File> = (begin..).map_while(|number| all.get(&number)).take(AT_ONCE).collect();
        let last = files.last().ok_or("no file")?;
        let is_written_to = last.kind == 'C';
        if !is_written_to && files.len() < AT_ONCE {
            let missing = begin + files.len() as u64;
            return Err(format!("file {missing} of the log is not there, which begins at SCN {}", last.next));
        }
        Ok(Files {
            names: files.iter().map(|file| file.name.clone()).collect(),
            up_to: (!is_written_to).then_some(last.next),
        })
    }

    /// What begins a reading of them from `scn` on. Names of tables are those of now: a dictionary in the log itself takes minutes to be read, and has to be written there first.
    pub fn begin(&self, scn: u64) -> String {
        let add = |(at, name): (usize, &String)| {
            let how = if at == 0 { "NEW" } else { "ADDFILE" };
            format!("DBMS_LOGMNR.ADD_LOGFILE(LOGFILENAME => {}, OPTIONS => DBMS_LOGMNR.{how});", quoted_text(name))
        };
        let files: Vec<String> = self.names.iter().enumerate().map(add).collect();
        format!(
            "BEGIN {} DBMS_LOGMNR.START_LOGMNR(STARTSCN => {scn}, OPTIONS => DBMS_LOGMNR.DICT_FROM_ONLINE_CATALOG + DBMS_LOGMNR.NO_ROWID_IN_STMT + \
             DBMS_LOGMNR.NO_SQL_DELIMITER); END;",
            files.join(" ")
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(files: &[(u64, u64, u64, &str, &str)]) -> Vec<Vec<Option<String>>> {
        let row = |(number, first, next, name, kind): &(u64, u64, u64, &str, &str)| {
            [number.to_string(), first.to_string(), next.to_string(), name.to_string(), kind.to_string()]
                .map(Some)
                .to_vec()
        };
        files.iter().map(row).collect()
    }

    #[test]
    fn files_from_a_place_on() {
        let all = [
            (7, 100, 200, "arch7", "A"),
            (8, 200, 300, "redo2", "O"),
            (8, 200, 300, "arch8", "A"),
            (9, 300, 281_474_976_710_655, "redo3", "C"),
        ];
        let of = |scn| Files::from(scn, answer(&all)).map(|files| (files.names.join(" "), files.up_to));
        assert_eq!(of(100), Ok(("arch7 arch8 redo3".into(), None)));
        assert_eq!(of(250), Ok(("arch8 redo3".into(), None)));
        assert_eq!(of(9999), Ok(("redo3".into(), None)));
        assert!(of(99).unwrap_err().contains("begins at SCN 100"));
        let gap = Files::from(150, answer(&[all[0], all[3]])).unwrap_err();
        assert!(gap.contains("file 8"), "{gap}");
        assert!(Files::from(1, Vec::new()).unwrap_err().contains("no file"));
    }

    #[test]
    fn a_long_log_is_read_in_parts() {
        let all: Vec<_> = (0..20).map(|i| (i, i * 10, i * 10 + 10, "arch", "A")).collect();
        assert_eq!(Files::from(25, answer(&all)).map(|files| (files.names.len(), files.up_to)), Ok((3, Some(50))));
    }

    #[test]
    fn names_are_quoted() {
        let files = Files { names: vec!["/a'b".into(), "/c".into()], up_to: None };
        let text = files.begin(7);
        assert!(text.starts_with("BEGIN DBMS_LOGMNR.ADD_LOGFILE(LOGFILENAME => '/a''b', OPTIONS => DBMS_LOGMNR.NEW); DBMS_LOGMNR.ADD_LOGFILE(LOGFILENAME => '/c', OPTIONS => DBMS_LOGMNR.ADDFILE); DBMS_LOGMNR.START_LOGMNR(STARTSCN => 7,"), "{text}");
    }
}
