package sample;

import java.util.HashMap;
import java.util.Map;

/** The command line, {@code name=value …}; everything has a default. */
final class Arguments {

    final String name;
    final String map;
    final int rate;
    final int keys;
    final int snapshotMillis;
    final int stateBytes;
    final boolean splitBrainProtection;
    final boolean autoScaling;

    private final Map<String, String> given;

    private Arguments(Map<String, String> given) {
        this.given = given;
        name = text("name", "sample");
        map = text("map", "out");
        rate = number("rate", 100, 1, 1_000_000);
        keys = number("keys", 10, 1, 1_000_000);
        snapshotMillis = number("snapshotMillis", 1_000, 10, 3_600_000);
        stateBytes = number("stateBytes", 0, 0, 10_000_000);
        splitBrainProtection = yesOrNo("protected", true);
        autoScaling = yesOrNo("autoScaling", true);
        if (!given.isEmpty()) {
            throw new IllegalArgumentException("unknown argument " + given.keySet()
                    + "; there are name, map, rate, keys, snapshotMillis, stateBytes, protected, autoScaling");
        }
    }

    static Arguments parse(String[] args) {
        Map<String, String> given = new HashMap<>();
        for (String argument : args) {
            int equals = argument.indexOf('=');
            if (equals < 1) {
                throw new IllegalArgumentException("argument \"" + argument + "\" is not of the form name=value");
            }
            given.put(argument.substring(0, equals), argument.substring(equals + 1));
        }
        return new Arguments(given);
    }

    private String text(String field, String otherwise) {
        String value = given.remove(field);
        if (value != null && value.isEmpty()) {
            throw new IllegalArgumentException(field + " is empty; a name is needed");
        }
        return value == null ? otherwise : value;
    }

    private int number(String field, int otherwise, int least, int most) {
        String value = given.remove(field);
        if (value == null) {
            return otherwise;
        }
        try {
            int number = Integer.parseInt(value);
            if (number >= least && number <= most) {
                return number;
            }
        } catch (NumberFormatException e) {
            // Told below, with the range.
        }
        throw new IllegalArgumentException(field + " is \"" + value + "\"; a whole number from " + least + " to " + most
                + " is needed");
    }

    private boolean yesOrNo(String field, boolean otherwise) {
        String value = given.remove(field);
        if (value != null && !value.equals("true") && !value.equals("false")) {
            throw new IllegalArgumentException(field + " is \"" + value + "\"; true or false is needed");
        }
        return value == null ? otherwise : value.equals("true");
    }
}
