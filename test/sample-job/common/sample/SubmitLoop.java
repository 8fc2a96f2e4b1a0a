package sample;

import com.hazelcast.jet.config.JobConfig;
import com.hazelcast.jet.pipeline.Pipeline;

import java.util.Arrays;

/**
 * A client that never gives up, as a service does that makes sure of its job whenever it can: submits the sample job if it
 * is absent, and writes to a map what is absent there, from the first moment in which any member lets it in.
 * {@code SubmitLoop CLUSTER ADDRESS JAR MAP ENTRIES name=value …}: MAP has ENTRIES entries with the keys "0", "1" …, each
 * of which would be the text {@code by the loop} if ever it was not there. The map {@code loop} says how often a round
 * worked and how often it failed.
 */
public final class SubmitLoop {

    private static final long PAUSE_MILLIS = 50;

    private final Client client;
    private final Pipeline pipeline;
    private final JobConfig config;
    private final String map;
    private final long entries;
    private long worked;
    private long failed;

    private SubmitLoop(String[] args) {
        Arguments arguments = Arguments.parse(Arrays.copyOfRange(args, 5, args.length));
        pipeline = SampleJob.pipeline(arguments);
        config = SampleJob.config(arguments).addJar(args[2]);
        map = args[3];
        entries = Long.parseLong(args[4]);
        client = new Client(args[0], args[1]);
    }

    public static void main(String[] args) throws InterruptedException {
        SubmitLoop loop = new SubmitLoop(args);
        while (true) {
            loop.round();
            Thread.sleep(PAUSE_MILLIS);
        }
    }

    private void round() {
        try {
            client.submitIfAbsent(pipeline, config);
            client.<String, String>map(map).putIfAbsent(String.valueOf(worked % entries), "by the loop");
            worked++;
            client.<String, Long>map("loop").put("worked", worked);
            client.<String, Long>map("loop").put("failed", failed);
        } catch (RuntimeException e) {
            failed++;
            System.out.println("round failed: " + e);
        }
    }
}
