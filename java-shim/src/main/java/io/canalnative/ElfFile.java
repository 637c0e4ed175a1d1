package io.canalnative;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;

/**
 * The header of a 64-bit little-endian ELF file, as far as it says how long the file must be.
 *
 * <p>The dynamic linker maps what the header promises. Where the file ends before that, touching the memory behind its end
 * kills the JVM with SIGBUS, so a file that was cut off must not get as far as {@link System#load}.
 */
final class ElfFile {

    private static final int HEADER = 64;
    private static final int SEGMENT_HEADER = 56;
    private static final int LOAD = 1;

    private ElfFile() {}

    /**
     * How many bytes of the file the linker maps, at least.
     *
     * @return 0 for a file of any other kind, which the linker refuses by itself
     * @throws IOException if the file is not readable, or its headers are not all there
     */
    static long mappedLength(Path file) throws IOException {
        try (RandomAccessFile in = new RandomAccessFile(file.toFile(), "r")) {
            if (in.length() < HEADER) {
                return 0;
            }
            ByteBuffer header = read(in, 0, HEADER);
            // Magic number, 64 bits, little endian.
            if (header.getInt(0) != 0x464C457F || header.get(4) != 2 || header.get(5) != 1) {
                return 0;
            }
            long end = 0;
            int segments = header.getShort(56) & 0xFFFF;
            for (int i = 0; i < segments; i++) {
                ByteBuffer segment = read(in, header.getLong(32) + (long) i * SEGMENT_HEADER, SEGMENT_HEADER);
                if (segment.getInt(0) == LOAD) {
                    end = Math.max(end, segment.getLong(8) + segment.getLong(32));
                }
            }
            return end;
        }
    }

    private static ByteBuffer read(RandomAccessFile in, long at, int length) throws IOException {
        byte[] bytes = new byte[length];
        in.seek(at);
        in.readFully(bytes);
        return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }
}
