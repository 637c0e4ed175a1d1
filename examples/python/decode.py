"""Decodes messages into a pyarrow.RecordBatch, prints it, and encodes it again. Needs pyarrow; the library is loaded with ctypes.

    python3 examples/python/decode.py target/release/libcanal_native.so tests/data/quickstart/products.jsonl

The file has one message a line. What is printed is in examples/expected/python.txt.
"""

import ctypes
import json
import sys

import pyarrow as pa


class Outcome(ctypes.Structure):
    """canal_outcome."""
    _fields_ = [("kind", ctypes.c_uint8), ("detail", ctypes.c_uint8), ("nulled", ctypes.c_uint8), ("reserved", ctypes.c_uint8),
                ("rows", ctypes.c_uint32)]


ROWS, FILTERED, SKIPPED, DROPPED, REFUSED, ENCODED = range(6)


class CanalError(Exception):
    """A status other than CANAL_STATUS_OK, with its text."""


class Canal:
    """The C interface, include/canal_native.h."""

    def __init__(self, path):
        self.library = library = ctypes.CDLL(path)
        size, address, handle = ctypes.c_size_t, ctypes.c_void_p, ctypes.c_uint64
        for name, arguments in {
            "canal_decoder_open": [ctypes.c_char_p, size, ctypes.POINTER(handle)],
            "canal_decoder_decode": [handle, ctypes.POINTER(ctypes.c_char_p), ctypes.POINTER(size), size, address, address,
                                     ctypes.POINTER(Outcome)],
            "canal_decoder_free": [handle],
            "canal_encoder_open": [ctypes.c_char_p, size, ctypes.POINTER(handle)],
            "canal_encoder_encode": [handle, address, address, ctypes.c_int64, address, address, ctypes.POINTER(Outcome), size],
            "canal_encoder_free": [handle],
        }.items():
            function = getattr(library, name)
            function.argtypes = arguments
            function.restype = ctypes.c_int32
            function.errcheck = self._check
        for name, arguments in {"canal_last_error": [], "canal_version": [], "canal_reason_text": [ctypes.c_uint8],
                                "canal_encode_reason_text": [ctypes.c_uint8]}.items():
            getattr(library, name).argtypes = arguments
            getattr(library, name).restype = ctypes.c_char_p

    def _check(self, status, function, _arguments):
        if status != 0:
            raise CanalError(f"{function.__name__}: {self.library.canal_last_error().decode()}")
        return status


class ArrowArray(ctypes.Structure):
    """struct ArrowArray of the Arrow C Data Interface."""
    _fields_ = [(name, ctypes.c_int64) for name in ("length", "null_count", "offset", "n_buffers", "n_children")] + [
        (name, ctypes.c_void_p) for name in ("buffers", "children", "dictionary", "release", "private_data")]


class ArrowSchema(ctypes.Structure):
    """struct ArrowSchema of the Arrow C Data Interface."""
    _fields_ = [(name, ctypes.c_void_p) for name in ("format", "name", "metadata")] + [
        (name, ctypes.c_int64) for name in ("flags", "n_children")] + [
        (name, ctypes.c_void_p) for name in ("children", "dictionary", "release", "private_data")]


class ArrowStructs:
    """An ArrowArray and an ArrowSchema for one batch to cross in; released in the end, if nobody took them."""

    def __init__(self):
        self.structs = ArrowArray(), ArrowSchema()
        self.addresses = tuple(map(ctypes.addressof, self.structs))

    def __del__(self):
        for struct, address in zip(self.structs, self.addresses):
            if struct.release:
                ctypes.CFUNCTYPE(None, ctypes.c_void_p)(struct.release)(address)


class Decoder:
    """Canal's messages -> batches."""

    def __init__(self, canal, spec):
        self.library, self.handle, text = canal.library, ctypes.c_uint64(), json.dumps(spec).encode()
        self.library.canal_decoder_open(text, len(text), self.handle)

    def decode(self, messages):
        """A pyarrow.RecordBatch, and an Outcome for each message."""
        count = len(messages)
        outcomes, structs = (Outcome * count)(), ArrowStructs()
        self.library.canal_decoder_decode(self.handle, (ctypes.c_char_p * count)(*messages),
                                          (ctypes.c_size_t * count)(*map(len, messages)), count, *structs.addresses, outcomes)
        return pa.RecordBatch._import_from_c(*structs.addresses), list(outcomes)

    def close(self):
        self.library.canal_decoder_free(self.handle)


class Encoder:
    """Batches -> messages."""

    def __init__(self, canal, spec):
        self.library, self.handle, text = canal.library, ctypes.c_uint64(), json.dumps(spec).encode()
        self.library.canal_encoder_open(text, len(text), self.handle)

    def encode(self, batch, now):
        """A message (bytes) or None for each row, and their Outcomes. now: epoch milliseconds."""
        outcomes, given, taken = (Outcome * batch.num_rows)(), ArrowStructs(), ArrowStructs()
        batch._export_to_c(*given.addresses)
        self.library.canal_encoder_encode(self.handle, *given.addresses, now, *taken.addresses, outcomes, batch.num_rows)
        return pa.Array._import_from_c(*taken.addresses).to_pylist(), list(outcomes)

    def close(self):
        self.library.canal_encoder_free(self.handle)


FIELDS = [
    {"name": "id", "type": {"root": "BIGINT"}},
    {"name": "name", "type": {"root": "VARCHAR"}},
    {"name": "description", "type": {"root": "VARCHAR"}},
    {"name": "weight", "type": {"root": "DECIMAL", "precision": 10, "scale": 2}},
]
METADATA = ["database", "table", "sql-type", "pk-names", "ingestion-timestamp", "event-timestamp"]


def main(library, path):
    canal = Canal(library)
    with open(path, "rb") as file:
        messages = file.read().splitlines()
    messages.insert(1, b'{"data":[{"id":"one"}],"type":"INSERT"}')  # one that is refused, with its reason

    decoder = Decoder(canal, {"fields": FIELDS, "metadata": METADATA})
    batch, outcomes = decoder.decode(messages)
    decoder.close()
    del messages
    for i, outcome in enumerate(outcomes):
        if outcome.kind == REFUSED:
            print(f"message {i} refused: {canal.library.canal_reason_text(outcome.detail).decode()}")
    print([outcome.rows for outcome in outcomes])
    print(batch.schema.to_string())
    batch.validate(full=True)
    for row in batch.to_pylist():
        print({name: str(value) for name, value in row.items()})

    # Columns that the encoder does not know, here the metadata, may stay in the batch.
    encoder = Encoder(canal, {"fields": FIELDS})
    for message in encoder.encode(batch, now=0)[0]:
        print(message.decode())
    encoder.close()
    before = pa.total_allocated_bytes()
    try:
        encoder.encode(batch, now=0)
    except CanalError as error:
        print(error)
    assert pa.total_allocated_bytes() == before


if __name__ == "__main__":
    main(*sys.argv[1:])
