//! Values as text, whatever the text is for: decimals, floating point numbers, dates and times.

pub mod datetime;
pub mod decimal;
pub mod float;
