//! Packets as prost reads and writes them, by the public field numbers. Nothing of the library is in here.

use prost::Message;

#[derive(Clone, PartialEq, Message)]
pub struct Packet {
    #[prost(int32, optional, tag = "1")]
    pub magic_number: Option<i32>,
    #[prost(int32, optional, tag = "2")]
    pub version: Option<i32>,
    #[prost(int32, tag = "3")]
    pub kind: i32,
    #[prost(int32, optional, tag = "4")]
    pub compression: Option<i32>,
    #[prost(bytes = "vec", tag = "5")]
    pub body: Vec<u8>,
}

#[derive(Clone, PartialEq, Message)]
pub struct Messages {
    #[prost(int64, optional, tag = "1")]
    pub batch_id: Option<i64>,
    #[prost(bytes = "vec", repeated, tag = "2")]
    pub messages: Vec<Vec<u8>>,
}

#[derive(Clone, PartialEq, Message)]
pub struct Entry {
    #[prost(message, optional, tag = "1")]
    pub header: Option<Header>,
    #[prost(int32, optional, tag = "2")]
    pub kind: Option<i32>,
    #[prost(bytes = "vec", tag = "3")]
    pub value: Vec<u8>,
}

#[derive(Clone, PartialEq, Message)]
pub struct Header {
    #[prost(int32, optional, tag = "1")]
    pub version: Option<i32>,
    #[prost(string, tag = "2")]
    pub log_file: String,
    #[prost(int64, optional, tag = "3")]
    pub log_offset: Option<i64>,
    #[prost(int64, optional, tag = "6")]
    pub execute_time: Option<i64>,
    #[prost(string, tag = "8")]
    pub schema: String,
    #[prost(string, tag = "9")]
    pub table: String,
    #[prost(message, repeated, tag = "12")]
    pub props: Vec<Pair>,
    #[prost(string, tag = "13")]
    pub gtid: String,
}

#[derive(Clone, PartialEq, Message)]
pub struct Pair {
    #[prost(string, tag = "1")]
    pub key: String,
    #[prost(string, tag = "2")]
    pub value: String,
}

#[derive(Clone, PartialEq, Message)]
pub struct RowChange {
    #[prost(int64, optional, tag = "1")]
    pub table_id: Option<i64>,
    #[prost(int32, optional, tag = "2")]
    pub event: Option<i32>,
    #[prost(bool, optional, tag = "10")]
    pub is_ddl: Option<bool>,
    #[prost(string, tag = "11")]
    pub sql: String,
    #[prost(message, repeated, tag = "12")]
    pub rows: Vec<RowData>,
}

#[derive(Clone, PartialEq, Message)]
pub struct RowData {
    #[prost(message, repeated, tag = "1")]
    pub before: Vec<Column>,
    #[prost(message, repeated, tag = "2")]
    pub after: Vec<Column>,
}

#[derive(Clone, PartialEq, Message)]
pub struct Column {
    #[prost(int32, optional, tag = "1")]
    pub index: Option<i32>,
    #[prost(int32, optional, tag = "2")]
    pub sql_type: Option<i32>,
    #[prost(string, tag = "3")]
    pub name: String,
    #[prost(bool, optional, tag = "4")]
    pub is_key: Option<bool>,
    #[prost(bool, optional, tag = "5")]
    pub updated: Option<bool>,
    #[prost(bool, optional, tag = "6")]
    pub is_null: Option<bool>,
    #[prost(string, optional, tag = "8")]
    pub value: Option<String>,
    #[prost(string, tag = "10")]
    pub mysql_type: String,
}

/// An entry with its change of rows, if it has one.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    pub batch: Option<i64>,
    pub entry: Entry,
    pub change: Option<RowChange>,
}

/// The entries of a packet that is not packed.
pub fn events(packet: &[u8]) -> Result<Vec<Event>, String> {
    let wrong = |e: prost::DecodeError| e.to_string();
    let packet = Packet::decode(packet).map_err(wrong)?;
    let messages = Messages::decode(&packet.body[..]).map_err(wrong)?;
    let event = |bytes: &Vec<u8>| {
        let entry = Entry::decode(&bytes[..]).map_err(wrong)?;
        let change = match entry.kind {
            None | Some(0 | 2) => Some(RowChange::decode(&entry.value[..]).map_err(wrong)?),
            _ => None,
        };
        Ok(Event { batch: messages.batch_id, entry, change })
    };
    messages.messages.iter().map(event).collect()
}

/// A packet of entries.
pub fn packet(batch: Option<i64>, events: &[Event]) -> Vec<u8> {
    let message = |event: &Event| {
        let value = event.change.as_ref().map_or(event.entry.value.clone(), Message::encode_to_vec);
        Entry { value, ..event.entry.clone() }.encode_to_vec()
    };
    let messages = Messages { batch_id: batch, messages: events.iter().map(message).collect() };
    Packet { magic_number: None, version: None, kind: 7, compression: None, body: messages.encode_to_vec() }
        .encode_to_vec()
}
