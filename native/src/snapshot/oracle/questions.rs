//! What the catalogue is asked. Its views show what the user may read, and nothing else.

use crate::snapshot::quoted::quoted_text;

/// The product and its version.
pub const VERSION: &str =
    "SELECT PRODUCT || ' ' || VERSION FROM PRODUCT_COMPONENT_VERSION WHERE PRODUCT LIKE 'Oracle%' AND ROWNUM = 1";

/// Tables: owner, name, rows as the optimiser's statistics have them, comment; all, or the one of that owner and name. Without those of the server's own users, temporary ones, what
/// stands behind nested columns and indexes of domains, the recycle bin, and logs of materialised views.
pub fn tables(only: Option<(&str, &str)>) -> String {
    let only = only
        .map(|(owner, name)| format!(" AND t.OWNER = {} AND t.TABLE_NAME = {}", quoted_text(owner), quoted_text(name)));
    format!(
        "SELECT t.OWNER, t.TABLE_NAME, TO_CHAR(t.NUM_ROWS), c.COMMENTS FROM ALL_TABLES t \
         JOIN ALL_USERS u ON u.USERNAME = t.OWNER AND u.ORACLE_MAINTAINED = 'N' \
         LEFT JOIN ALL_TAB_COMMENTS c ON c.OWNER = t.OWNER AND c.TABLE_NAME = t.TABLE_NAME \
         WHERE t.TEMPORARY = 'N' AND t.NESTED = 'NO' AND t.SECONDARY = 'N' AND t.DROPPED = 'NO' AND (t.IOT_TYPE IS NULL OR t.IOT_TYPE = 'IOT') \
         AND t.TABLE_NAME NOT LIKE 'MLOG$\\_%' ESCAPE '\\' AND t.TABLE_NAME NOT LIKE 'RUPD$\\_%' ESCAPE '\\'{} ORDER BY 1, 2",
        only.unwrap_or_default()
    )
}

/// A table's columns, in its order: name, type, the type's owner if it is none of the language's, precision, scale, length in characters and in bytes, whether it may be NULL (Y or N),
/// comment, and the default, which is a LONG and so comes last.
pub fn columns(owner: &str, table: &str) -> String {
    format!(
        "SELECT c.COLUMN_NAME, c.DATA_TYPE, c.DATA_TYPE_OWNER, TO_CHAR(c.DATA_PRECISION), TO_CHAR(c.DATA_SCALE), TO_CHAR(c.CHAR_LENGTH), TO_CHAR(c.DATA_LENGTH), c.NULLABLE, \
         m.COMMENTS, c.DATA_DEFAULT FROM ALL_TAB_COLS c \
         LEFT JOIN ALL_COL_COMMENTS m ON m.OWNER = c.OWNER AND m.TABLE_NAME = c.TABLE_NAME AND m.COLUMN_NAME = c.COLUMN_NAME \
         WHERE c.OWNER = {} AND c.TABLE_NAME = {} AND c.HIDDEN_COLUMN = 'NO' ORDER BY c.COLUMN_ID",
        quoted_text(owner),
        quoted_text(table)
    )
}

/// The primary key's columns, in the key's order; of one that is disabled, or that older rows may not keep, none.
pub fn key(owner: &str, table: &str) -> String {
    format!(
        "SELECT k.COLUMN_NAME FROM ALL_CONSTRAINTS c \
         JOIN ALL_CONS_COLUMNS k ON k.OWNER = c.OWNER AND k.CONSTRAINT_NAME = c.CONSTRAINT_NAME AND k.TABLE_NAME = c.TABLE_NAME \
         WHERE c.OWNER = {} AND c.TABLE_NAME = {} AND c.CONSTRAINT_TYPE = 'P' AND c.STATUS = 'ENABLED' AND c.VALIDATED = 'VALIDATED' ORDER BY k.POSITION",
        quoted_text(owner),
        quoted_text(table)
    )
}
