/* Decodes messages into one Arrow batch, prints its rows, and encodes them again.
 *
 *   cc -std=c11 -o decode examples/c/decode.c -Iinclude -Ltarget/release -lcanal_native
 *   LD_LIBRARY_PATH=target/release ./decode tests/data/quickstart/products.jsonl
 *
 * The file has one message a line. What is printed is in examples/expected/c.txt.
 */
#include "canal_native.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIELDS                                                                                        \
  "\"fields\": [{\"name\": \"id\", \"type\": {\"root\": \"BIGINT\"}},"                               \
  "             {\"name\": \"name\", \"type\": {\"root\": \"VARCHAR\"}},"                            \
  "             {\"name\": \"description\", \"type\": {\"root\": \"VARCHAR\"}},"                     \
  "             {\"name\": \"weight\", \"type\": {\"root\": \"DECIMAL\", \"precision\": 10, \"scale\": 2}}]"

static const char DECODER[] = "{" FIELDS ", \"metadata\": [\"table\", \"event-timestamp\"],"
                              " \"tableInclude\": \"products(_\\\\d+)?\"}";
static const char ENCODER[] =
    "{" FIELDS ", \"envelope\": {\"database\": \"inventory\", \"table\": \"products\", \"pkNames\": [\"id\"]}}";

/* The batch's columns, in their order. */
enum { ROW_KIND, ID, NAME, DESCRIPTION, WEIGHT, TABLE, EVENT_TIMESTAMP };

static void check(enum canal_status status, const char *what) {
  if (status != CANAL_STATUS_OK) {
    fprintf(stderr, "%s failed with status %d: %s\n", what, (int)status, canal_last_error());
    exit(1);
  }
}

/* The lines of a file, each a message. */
struct messages {
  char *text;
  const uint8_t **starts;
  size_t *lengths;
  size_t count;
};

static struct messages read_messages(const char *path) {
  struct messages m = {0};
  FILE *file = fopen(path, "rb");
  if (!file || fseek(file, 0, SEEK_END) != 0) {
    perror(path);
    exit(1);
  }
  size_t size = (size_t)ftell(file);
  rewind(file);
  m.text = malloc(size + 1);
  if (fread(m.text, 1, size, file) != size) {
    perror(path);
    exit(1);
  }
  fclose(file);
  m.text[size] = '\n';
  m.starts = malloc((size + 1) * sizeof *m.starts);
  m.lengths = malloc((size + 1) * sizeof *m.lengths);
  for (char *line = m.text; line < m.text + size;) {
    char *end = memchr(line, '\n', (size_t)(m.text + size + 1 - line));
    m.starts[m.count] = (const uint8_t *)line;
    m.lengths[m.count++] = (size_t)(end - line);
    line = end + 1;
  }
  return m;
}

static int is_null(const struct ArrowArray *array, int64_t i) {
  const uint8_t *valid = array->buffers[0];
  i += array->offset;
  return valid && !(valid[i / 8] >> (i % 8) & 1);
}

static void print_text(const struct ArrowArray *array, int64_t i) {
  const int32_t *offsets = (const int32_t *)array->buffers[1] + array->offset;
  printf("%.*s", (int)(offsets[i + 1] - offsets[i]), (const char *)array->buffers[2] + offsets[i]);
}

/* Two digits behind the point. Of the 128 bits the lower 64 hold every value of DECIMAL(10, 2). */
static void print_decimal(const struct ArrowArray *array, int64_t i) {
  int64_t value;
  memcpy(&value, (const char *)array->buffers[1] + 16 * (array->offset + i), sizeof value);
  printf("%s%" PRId64 ".%02d", value < 0 ? "-" : "", (value < 0 ? -value : value) / 100, abs((int)(value % 100)));
}

static void print_row(const struct ArrowArray *batch, int64_t i) {
  for (int64_t c = 0; c < batch->n_children; c++) {
    const struct ArrowArray *column = batch->children[c];
    printf(c == ROW_KIND ? "" : c == ID ? " " : ", ");
    if (is_null(column, i)) {
      printf("NULL");
      continue;
    }
    switch (c) {
    case ROW_KIND: print_text(column->dictionary, ((const int8_t *)column->buffers[1])[column->offset + i]); break;
    case TABLE: print_text(column->dictionary, ((const int32_t *)column->buffers[1])[column->offset + i]); break;
    case ID:
    case EVENT_TIMESTAMP: printf("%" PRId64, ((const int64_t *)column->buffers[1])[column->offset + i]); break;
    case WEIGHT: print_decimal(column, i); break;
    default: print_text(column, i);
    }
  }
  printf("\n");
}

static void print_outcomes(const struct canal_outcome *outcomes, size_t count) {
  for (size_t i = 0; i < count; i++) {
    switch (outcomes[i].kind) {
    case CANAL_OUTCOME_KIND_ROWS: printf("message %zu: %u rows\n", i, (unsigned)outcomes[i].rows); break;
    case CANAL_OUTCOME_KIND_FILTERED: printf("message %zu: filtered\n", i); break;
    case CANAL_OUTCOME_KIND_SKIPPED: printf("message %zu: skipped, event %d\n", i, outcomes[i].detail); break;
    case CANAL_OUTCOME_KIND_DROPPED: printf("message %zu: dropped\n", i); break;
    default: printf("message %zu: refused: %s\n", i, canal_reason_text(outcomes[i].detail));
    }
  }
}

/* Encodes the batch, which is moved into the encoder, and prints the messages. */
static void encode(struct ArrowArray *batch, const struct ArrowSchema *schema) {
  size_t rows = (size_t)batch->length;
  struct canal_outcome *outcomes = calloc(rows + 1, sizeof *outcomes);
  canal_encoder encoder;
  check(canal_encoder_open(ENCODER, strlen(ENCODER), &encoder), "canal_encoder_open");
  struct ArrowArray messages;
  int64_t now = 1700000000000; /* es and ts; a real program takes the time of day */
  check(canal_encoder_encode(encoder, batch, schema, now, &messages, NULL, outcomes, rows), "canal_encoder_encode");
  for (int64_t i = 0; i < messages.length; i++) {
    if (outcomes[i].kind == CANAL_OUTCOME_KIND_ENCODED) {
      print_text(&messages, i);
      printf("\n");
    } else {
      printf("row %" PRId64 " refused: %s\n", i, canal_encode_reason_text(outcomes[i].detail));
    }
  }
  messages.release(&messages);
  check(canal_encoder_free(encoder), "canal_encoder_free");
  free(outcomes);
}

int main(int argc, char **argv) {
  if (argc != 2) {
    fprintf(stderr, "usage: %s MESSAGES\n", argv[0]);
    return 2;
  }
  struct messages m = read_messages(argv[1]);
  canal_decoder decoder;
  check(canal_decoder_open(DECODER, strlen(DECODER), &decoder), "canal_decoder_open");
  struct canal_outcome *outcomes = calloc(m.count + 1, sizeof *outcomes);
  struct ArrowArray batch;
  struct ArrowSchema schema;
  check(canal_decoder_decode(decoder, m.starts, m.lengths, m.count, &batch, &schema, outcomes), "canal_decoder_decode");
  /* The batch is its own; the messages and the decoder are not needed any more. */
  check(canal_decoder_free(decoder), "canal_decoder_free");
  free(m.text);
  free(m.starts);
  free(m.lengths);

  print_outcomes(outcomes, m.count);
  for (int64_t c = 0; c < schema.n_children; c++) {
    printf("%s%s", c ? ", " : "columns: ", schema.children[c]->name);
  }
  printf("\n");
  for (int64_t i = 0; i < batch.length; i++) {
    print_row(&batch, i);
  }
  encode(&batch, &schema);
  if (batch.release) {
    fprintf(stderr, "the batch was not taken\n");
    return 1;
  }
  schema.release(&schema);
  free(outcomes);

  /* A mistake has a text. */
  const char *broken = "{\"fields\": [], \"tableInclude\": \"(?=look-ahead)\"}";
  enum canal_status status = canal_decoder_open(broken, strlen(broken), &decoder);
  printf("status %d: %s\n", (int)status, canal_last_error());
  return status == CANAL_STATUS_INVALID_SPEC ? 0 : 1;
}
