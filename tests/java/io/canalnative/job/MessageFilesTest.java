package io.canalnative.job;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.zip.GZIPOutputStream;

import io.canalnative.database.CanalRecord;
import io.canalnative.database.RecordOutput;
import org.apache.flink.core.io.InputStatus;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MessageFilesTest {

    @TempDir
    Path directory;

    @Test
    void linesAreCountedOverAllFiles() throws IOException {
        List<String> paths = Arrays.asList(file("a.jsonl", "a1\n\na3"), packed("b.jsonl.gz", "b1\r\nb\r2\r\n"), file("c", ""), file("d", "d1\n"));
        assertEquals(Arrays.asList("0: a1", "2: a3", "3: b1", "4: b\r2", "5: d1"), rest(paths, FilePosition.BEGIN));
    }

    @Test
    void readingGoesOnAfterEachLine() throws IOException {
        List<String> paths = Arrays.asList(file("a.jsonl", "a1\n\na3"), packed("b.jsonl.gz", "b1\nb2\n"));
        List<String> all = rest(paths, FilePosition.BEGIN);
        for (int polls = 0; polls < 8; polls++) {
            Lines lines = new Lines();
            MessageFilesReader reader = reader(paths, FilePosition.BEGIN);
            for (int i = 0; i < polls; i++) {
                reader.pollNext(lines);
            }
            FilePosition position = reader.snapshotState(1).get(0);
            reader.close();
            byte[] kept = FilePosition.SERIALIZER.serialize(position);
            List<String> found = new ArrayList<>(lines.found);
            found.addAll(rest(paths, FilePosition.SERIALIZER.deserialize(FilePosition.SERIALIZER.getVersion(), kept)));
            assertEquals(all, found, "after " + polls + " polls");
        }
    }

    @Test
    void filesThatAreOthersNowAreRefused() throws IOException {
        String first = file("a", "a1\na2\n");
        String shorter = file("b", "b1\n");
        FilePosition within = new FilePosition(0, first, 2, 2);
        assertTrue(assertThrows(IOException.class, () -> rest(Collections.singletonList(shorter), within)).getMessage().contains("was reading '" + first + "'"));
        Files.write(Path.of(first), "a1\n".getBytes(StandardCharsets.UTF_8));
        assertTrue(assertThrows(IOException.class, () -> rest(Collections.singletonList(first), within)).getMessage().contains("has 1 now"));
        String notPacked = file("c.gz", "c1\n");
        assertTrue(assertThrows(IOException.class, () -> rest(Collections.singletonList(notPacked), FilePosition.BEGIN)).getMessage().contains("cannot be unpacked"));
    }

    @Test
    void linesOfAnyLengthFromReadsOfAnySize() throws IOException {
        StringBuilder text = new StringBuilder();
        List<String> lines = new ArrayList<>();
        for (int length : new int[] {0, 1, 65_535, 65_536, 3, 200_000, 0}) {
            char[] line = new char[length];
            Arrays.fill(line, (char) ('a' + lines.size()));
            lines.add(new String(line));
            text.append(line).append(lines.size() % 2 == 0 ? "\r\n" : "\n");
        }
        for (int most : new int[] {1, 7, 70_000, 1 << 20}) {
            InputStream few = new ByteArrayInputStream(text.toString().getBytes(StandardCharsets.UTF_8)) {
                @Override
                public synchronized int read(byte[] to, int from, int length) {
                    return super.read(to, from, Math.min(length, most));
                }
            };
            List<String> found = new ArrayList<>();
            try (LineInput input = new LineInput(few)) {
                for (byte[] line = input.next(); line != null; line = input.next()) {
                    found.add(new String(line, StandardCharsets.UTF_8));
                }
            }
            assertEquals(lines, found, most + " bytes at a time");
        }
    }

    private List<String> rest(List<String> paths, FilePosition from) throws IOException {
        Lines lines = new Lines();
        try (MessageFilesReader reader = reader(paths, from)) {
            while (reader.pollNext(lines) != InputStatus.END_OF_INPUT) {
                assertTrue(reader.isAvailable().isDone());
            }
        }
        return lines.found;
    }

    private static MessageFilesReader reader(List<String> paths, FilePosition from) {
        MessageFilesReader reader = new MessageFilesReader(paths);
        reader.addSplits(Collections.singletonList(from));
        return reader;
    }

    private String file(String name, String text) throws IOException {
        return Files.write(directory.resolve(name), text.getBytes(StandardCharsets.UTF_8)).toString();
    }

    private String packed(String name, String text) throws IOException {
        Path path = directory.resolve(name);
        try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(path))) {
            out.write(text.getBytes(StandardCharsets.UTF_8));
        }
        return path.toString();
    }

    /** What a reader hands over, as {@code line: text}. */
    private static final class Lines implements RecordOutput {
        final List<String> found = new ArrayList<>();

        @Override
        public void collect(CanalRecord record) {
            assertEquals(0, record.partition);
            assertEquals(0, record.sequence & ((1 << CanalRecord.ROW_BITS) - 1));
            found.add((record.sequence >> CanalRecord.ROW_BITS) + ": " + new String(record.value, StandardCharsets.UTF_8));
        }
    }
}
