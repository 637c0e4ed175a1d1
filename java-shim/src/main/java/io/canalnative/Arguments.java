package io.canalnative;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;

/** The arguments of a verb that takes a job's file and options, {@code --option value} or {@code --option=value}, and what its {@code --help} says. */
final class Arguments {

    private final String verb;
    private final Map<String, Option> options = new LinkedHashMap<>();

    Arguments(String verb) {
        this.verb = verb;
    }

    private static final class Option {
        /** Null for one without a value. */
        final String takes;
        final String line;
        final BiConsumer<String, String> taken;

        Option(String takes, String line, BiConsumer<String, String> taken) {
            this.takes = takes;
            this.line = line;
            this.taken = taken;
        }
    }

    /**
     * Adds an option.
     *
     * @param option its name and, behind a blank, what its value is
     * @param initial what is so without it; empty where that goes without saying
     * @param taken is given its name and its value, and throws an {@link IllegalArgumentException} where that is none
     */
    Arguments option(String option, String initial, String what, BiConsumer<String, String> taken) {
        String[] parts = option.split(" ", 2);
        String line = String.format("  %-26s %s%s%n", option, what, initial.isEmpty() ? "" : " [" + initial + "]");
        options.put(parts[0], new Option(parts.length == 1 ? null : parts[1], line, taken));
        return this;
    }

    /** For {@code --help}: a line for each option. */
    String usage() {
        StringBuilder usage = new StringBuilder("usage: canal-native " + verb + " JOB.yaml [option]…, an option that takes a value as --option VALUE or --option=VALUE [what is so without it]\n\n");
        options.values().forEach(option -> usage.append(option.line));
        return usage.append("\ndocs/verify.md has more.\n").toString();
    }

    /**
     * Gives the options their values.
     *
     * @return the job's file
     * @throws IllegalArgumentException says what is not understood
     */
    String read(List<String> arguments) {
        String file = null;
        for (int i = 0; i < arguments.size(); i++) {
            String argument = arguments.get(i);
            if (!argument.startsWith("--")) {
                if (file != null) {
                    throw new IllegalArgumentException(verb + " takes one job's file, and there are " + file + " and " + argument);
                }
                file = argument;
                continue;
            }
            int equals = argument.indexOf('=');
            String name = equals < 0 ? argument : argument.substring(0, equals);
            String value = equals < 0 ? null : argument.substring(equals + 1);
            Option option = options.get(name);
            if (option == null) {
                throw new IllegalArgumentException("'" + name + "' is no option of " + verb);
            }
            if (option.takes == null && value != null) {
                throw new IllegalArgumentException(name + " takes no value, and has '" + value + "'");
            }
            if (option.takes != null && value == null) {
                if (++i == arguments.size()) {
                    throw new IllegalArgumentException(name + " has no value; it is " + name + " " + option.takes);
                }
                value = arguments.get(i);
            }
            option.taken.accept(name, value);
        }
        if (file == null) {
            throw new IllegalArgumentException(verb + " needs the job's file");
        }
        return file;
    }

    static long number(String option, String value, long least, long most) {
        try {
            long number = Long.parseLong(value);
            if (number >= least && number <= most) {
                return number;
            }
        } catch (NumberFormatException e) {
            // Said below.
        }
        throw new IllegalArgumentException(option + " is '" + value + "'; it is a number from " + least + " to " + most);
    }

    /** {@code HOST:PORT}, as {@code Authority} of native/src/doris/http.rs reads it. */
    static String address(String option, String value) {
        String address = value.trim();
        while (address.startsWith("http://")) {
            address = address.substring("http://".length());
        }
        while (address.endsWith("/")) {
            address = address.substring(0, address.length() - 1);
        }
        int colon = address.lastIndexOf(':');
        String host = colon < 0 ? "" : address.substring(0, colon).trim();
        String port = address.substring(colon + 1);
        if (host.isEmpty() || host.contains("/") || host.contains("@") || host.contains(" ") || !port.matches("\\+?0*[0-9]{1,5}") || Integer.parseInt(port) < 1 || Integer.parseInt(port) > 65_535) {
            throw new IllegalArgumentException(option + " is '" + value + "'; it is HOST:PORT of a front end's MySQL protocol, such as fe:9030");
        }
        return value;
    }
}
