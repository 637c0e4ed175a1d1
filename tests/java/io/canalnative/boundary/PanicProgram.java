package io.canalnative.boundary;

/** Panics in the native library, and goes on; see {@link PanicTest}. */
final class PanicProgram {

    private static final String MESSAGE = "{\"data\":[{\"s\":\"x\"}],\"table\":\"t\",\"type\":\"INSERT\"}";

    private PanicProgram() {}

    public static void main(String[] arguments) throws Exception {
        long handle = NativeCalls.open();
        for (int i = 0; i < 3; i++) {
            try {
                PanicNatives.panic(handle);
                System.out.println("no exception");
            } catch (RuntimeException e) {
                System.out.println("thrown: " + e);
            }
            System.out.println("decoded: " + (NativeCalls.status(NativeCalls.decode(handle, MESSAGE)) == NativeCalls.ROWS));
        }
        NativeCalls.close(handle);
        try {
            PanicNatives.panic(handle);
        } catch (IllegalStateException e) {
            System.out.println("closed: " + e.getMessage());
        }
    }
}
