package sample;

import com.hazelcast.jet.datamodel.Tuple2;
import com.hazelcast.jet.pipeline.SourceBuilder.SourceBuffer;

import static com.hazelcast.jet.datamodel.Tuple2.tuple2;

/** The job's source: 0, 1, 2 … at a steady rate, each with the time of number 0. */
final class Numbers {

    private static final int MOST_AT_ONCE = 1_024;

    private final long rate;
    private long next;
    private long origin = System.currentTimeMillis();
    /** The pace counts from here, so that a pause of the job is not caught up with. */
    private long paceFrom;
    private long pacedSince = System.nanoTime();

    Numbers(long rate) {
        this.rate = rate;
    }

    void fill(SourceBuffer<Tuple2<Long, Long>> buffer) {
        long due = paceFrom + (System.nanoTime() - pacedSince) * rate / 1_000_000_000L;
        long until = Math.min(due, next + MOST_AT_ONCE);
        while (next < until) {
            buffer.add(tuple2(next++, origin));
        }
    }

    Tuple2<Long, Long> save() {
        return tuple2(next, origin);
    }

    void restore(Tuple2<Long, Long> saved) {
        next = saved.f0();
        origin = saved.f1();
        paceFrom = next;
        pacedSince = System.nanoTime();
    }
}
