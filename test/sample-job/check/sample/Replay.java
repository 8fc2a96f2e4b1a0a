package sample;

/** Gives numbers to the states of their keys and prints what each said: {@code Replay KEYS NUMBER|forget:KEY …}. */
final class Replay {

    private Replay() {
    }

    public static void main(String[] args) {
        int keys = Integer.parseInt(args[0]);
        KeyState[] states = new KeyState[keys];
        for (int i = 1; i < args.length; i++) {
            if (args[i].startsWith("forget:")) {
                states[Integer.parseInt(args[i].substring("forget:".length()))] = null;
                continue;
            }
            int number = Integer.parseInt(args[i]);
            int key = number % keys;
            if (states[key] == null) {
                states[key] = new KeyState(16);
            }
            System.out.println(states[key].update(key, number, keys));
        }
    }
}
