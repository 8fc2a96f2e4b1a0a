package sample;

import com.hazelcast.jet.config.JobConfig;
import com.hazelcast.jet.config.ProcessingGuarantee;
import com.hazelcast.jet.datamodel.Tuple2;
import com.hazelcast.jet.pipeline.Pipeline;
import com.hazelcast.jet.pipeline.Sinks;
import com.hazelcast.jet.pipeline.SourceBuilder;
import com.hazelcast.jet.pipeline.StreamSource;

import static com.hazelcast.jet.Util.entry;

/**
 * A streaming job that tells whether its state was ever lost or applied twice. Numbers 0, 1, 2 … are dealt to keys in
 * turn, and each key counts what it got: key {@code n % keys} must have counted exactly {@code n / keys + 1} when
 * {@code n} arrives. Both the next number and the counts live only in snapshots. For every number the map says
 * {@code key -> "n:count:ok:origin"}, or BAD in place of ok; a wrong count never becomes right again. The origin is
 * when the numbers began: a job that starts from nothing is consistent too, but has another origin.
 */
public final class SampleJob {

    private SampleJob() {
    }

    public static void main(String[] args) {
        Arguments arguments = Arguments.parse(args);
        Engine.submit(pipeline(arguments), config(arguments));
    }

    static Pipeline pipeline(Arguments arguments) {
        int keys = arguments.keys;
        int stateBytes = arguments.stateBytes;
        Pipeline pipeline = Pipeline.create();
        pipeline.readFrom(numbers(arguments.rate))
                .withoutTimestamps()
                .groupingKey(number -> number.f0() % keys)
                .mapStateful(
                        () -> new KeyState(stateBytes),
                        (state, key, number) -> entry(key, state.update(key, number.f0(), keys) + ":" + number.f1()))
                .writeTo(Sinks.map(arguments.map));
        return pipeline;
    }

    private static StreamSource<Tuple2<Long, Long>> numbers(long rate) {
        return SourceBuilder.stream("numbers", context -> new Numbers(rate))
                .<Tuple2<Long, Long>>fillBufferFn(Numbers::fill)
                .createSnapshotFn(Numbers::save)
                .restoreSnapshotFn((numbers, saved) -> numbers.restore(saved.get(0)))
                .build();
    }

    static JobConfig config(Arguments arguments) {
        return new JobConfig()
                .setName(arguments.name)
                .setProcessingGuarantee(ProcessingGuarantee.EXACTLY_ONCE)
                .setSnapshotIntervalMillis(arguments.snapshotMillis)
                .setSplitBrainProtection(arguments.splitBrainProtection)
                .setAutoScaling(arguments.autoScaling)
                // A failed job would be gone with its state; a suspended one says why.
                .setSuspendOnFailure(true);
    }
}
