import com.hazelcast.config.MapConfig;
import com.hazelcast.jet.Jet;
import com.hazelcast.jet.JetInstance;
import com.hazelcast.jet.Job;
import com.hazelcast.jet.config.JobConfig;
import com.hazelcast.jet.config.ProcessingGuarantee;
import com.hazelcast.jet.pipeline.Pipeline;
import com.hazelcast.jet.pipeline.Sinks;
import com.hazelcast.jet.pipeline.SourceBuilder;
import com.hazelcast.jet.pipeline.StreamSource;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;

import static com.hazelcast.jet.Util.entry;

/**
 * A real member, of any version, that a test drives over its standard input, one command a line and one answer a line:
 * {@code submit name guarantee protected autoScaling intervalMillis keys stateBytes [suspendOnFailure]},
 * {@code fail name}, {@code jobs}, {@code size map}, {@code damage job} (takes one entry out of each of its snapshots),
 * {@code leave} (shuts down gracefully), {@code forgetful map}, {@code fill map entries valueBytes}, {@code right map valueBytes}, {@code show map},
 * {@code sample jar autoScaling name=value …} where the sample job is on the class path. What it says of jobs is the
 * engine's own Java API.
 */
public final class TestMember {

    private TestMember() {
    }

    public static void main(String[] args) throws Exception {
        JetInstance jet = Jet.newJetInstance();
        System.out.println("> member is up");
        BufferedReader commands = new BufferedReader(new InputStreamReader(System.in));
        for (String line = commands.readLine(); line != null; line = commands.readLine()) {
            try {
                System.out.println("> " + answer(jet, line.split(" ")));
            } catch (Exception e) {
                System.out.println("> error " + e);
            }
        }
    }

    private static String answer(JetInstance jet, String[] command) throws Exception {
        switch (command[0]) {
            case "submit":
                return submit(jet, command).getIdString();
            case "fail":
                return jet.newJob(failing(), new JobConfig().setName(command[1]).setSuspendOnFailure(true)).getIdString();
            case "jobs":
                return jobs(jet);
            case "size":
                return String.valueOf(jet.getMap(command[1]).size());
            case "damage":
                return String.valueOf(damage(jet.getMap("__jet.snapshot." + command[1] + ".0"))
                        + damage(jet.getMap("__jet.snapshot." + command[1] + ".1")));
            case "leave":
                jet.shutdown();
                return "left";
            case "fill":
                return fill(jet, command[1], Integer.parseInt(command[2]), Integer.parseInt(command[3]));
            case "forgetful":
                jet.getHazelcastInstance().getConfig().addMapConfig(new MapConfig(command[1]).setTimeToLiveSeconds(3_600));
                return "configured";
            case "right":
                return String.valueOf(right(jet, command[1], Integer.parseInt(command[2])));
            case "show":
                return jet.getMap(command[1]).entrySet().toString();
            case "sample":
                return sample(jet, Arrays.copyOfRange(command, 1, command.length));
            default:
                throw new IllegalArgumentException(command[0]);
        }
    }

    /** Entries whose content follows from the key. */
    private static String fill(JetInstance jet, String name, int entries, int valueBytes) {
        Map<Integer, byte[]> some = new HashMap<>();
        for (int key = 0; key < entries; key++) {
            some.put(key, content(key, valueBytes));
            if (some.size() == 1_000 || key == entries - 1) {
                jet.<Integer, byte[]>getMap(name).putAll(some);
                some.clear();
            }
        }
        return "filled";
    }

    /** How many entries have the content that follows from their key. */
    private static long right(JetInstance jet, String name, int valueBytes) {
        return jet.<Integer, byte[]>getMap(name).entrySet().stream()
                .filter(entry -> Arrays.equals(entry.getValue(), content(entry.getKey(), valueBytes)))
                .count();
    }

    private static byte[] content(int key, int bytes) {
        byte[] content = new byte[bytes];
        new Random(key).nextBytes(content);
        return content;
    }

    /** By reflection: members of a restored cluster have the job from its records alone. */
    private static String sample(JetInstance jet, String[] arguments) throws Exception {
        return (String) Class.forName("sample.Samples").getMethod("submit", JetInstance.class, String[].class)
                .invoke(null, jet, arguments);
    }

    private static Job submit(JetInstance jet, String[] command) {
        JobConfig config = new JobConfig()
                .setProcessingGuarantee(ProcessingGuarantee.valueOf(command[2]))
                .setSplitBrainProtection(Boolean.parseBoolean(command[3]))
                .setAutoScaling(Boolean.parseBoolean(command[4]))
                .setSnapshotIntervalMillis(Long.parseLong(command[5]))
                .setSuspendOnFailure(command.length < 9 || Boolean.parseBoolean(command[8]));
        if (!command[1].equals("-")) {
            config.setName(command[1]);
        }
        return jet.newJob(counting(Long.parseLong(command[6]), Integer.parseInt(command[7])), config);
    }

    private static String jobs(JetInstance jet) {
        StringBuilder text = new StringBuilder();
        for (Job job : jet.getJobs()) {
            text.append(job.getIdString()).append(' ').append(job.getName()).append(' ').append(job.getStatus()).append(';');
        }
        return text.toString();
    }

    private static int damage(Map<Object, Object> snapshot) {
        // The engine's own record of the snapshot has a number as its key; the state itself has not.
        for (Object key : snapshot.keySet()) {
            if (!(key instanceof Number)) {
                snapshot.remove(key);
                return 1;
            }
        }
        return 0;
    }

    /** As many keys as wanted, each with as much state as wanted, all of it in every snapshot. */
    private static Pipeline counting(long keys, int stateBytes) {
        Pipeline pipeline = Pipeline.create();
        pipeline.readFrom(numbers())
                .withoutTimestamps()
                .groupingKey(number -> number % keys)
                .mapStateful(() -> new byte[Math.max(1, stateBytes)], (state, key, number) -> {
                    Arrays.fill(state, number.byteValue());
                    return entry(key, number);
                })
                .writeTo(Sinks.map("out"));
        return pipeline;
    }

    private static StreamSource<Long> numbers() {
        return SourceBuilder.stream("numbers", context -> new long[1])
                .<Long>fillBufferFn((next, buffer) -> {
                    for (int i = 0; i < 100; i++) {
                        buffer.add(next[0]++);
                    }
                    Thread.sleep(1);
                })
                .createSnapshotFn(next -> next[0])
                .restoreSnapshotFn((next, saved) -> next[0] = saved.get(0))
                .build();
    }

    private static Pipeline failing() {
        Pipeline pipeline = Pipeline.create();
        pipeline.readFrom(numbers())
                .withoutTimestamps()
                .map(number -> {
                    throw new IllegalStateException("broken on purpose, password=hunter2");
                })
                .writeTo(Sinks.noop());
        return pipeline;
    }
}
