package io.canalnative.boundary;

import java.nio.charset.StandardCharsets;

import io.canalnative.NativeLibrary;
import io.canalnative.NativeLibraryException;
import io.canalnative.differential.CanalTable;
import io.canalnative.differential.LibDirectory;
import io.canalnative.differential.TableDecoder;

import org.apache.flink.table.api.DataTypes;

/** Loads the library twice and decodes a message through the factory, whether there is a library or not; see {@link LibraryFileTest}. */
final class LoadProgram {

    private LoadProgram() {}

    public static void main(String[] arguments) throws Exception {
        for (int i = 0; i < 2; i++) {
            try {
                NativeLibrary.load();
                System.out.println("loaded");
            } catch (NativeLibraryException e) {
                System.out.println("refused: " + e.reason() + " | remedy: " + e.remedy());
            }
        }
        CanalTable table = CanalTable.of(DataTypes.ROW(DataTypes.FIELD("s", DataTypes.STRING())).notNull());
        try (LibDirectory lib = LibDirectory.withNativeCodec();
                TableDecoder decoder = new TableDecoder(table, lib)) {
            byte[] message = "{\"data\":[{\"s\":\"x\"}],\"type\":\"INSERT\"}".getBytes(StandardCharsets.UTF_8);
            System.out.println("decoded: " + decoder.decode(message).rows + (decoder.isNative() ? " natively" : " by flink-json"));
        }
    }
}
