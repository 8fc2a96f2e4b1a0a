package sample;

import com.hazelcast.jet.JetInstance;

import java.util.Arrays;

/** Submits the sample job from within a member, as its command line does from outside: with its jar among the resources. */
public final class Samples {

    private Samples() {
    }

    /** {@code jar autoScaling name=value …}; gives the job's id. */
    public static String submit(JetInstance jet, String[] command) throws Exception {
        Arguments arguments = Arguments.parse(Arrays.copyOfRange(command, 2, command.length));
        return jet.newJob(SampleJob.pipeline(arguments), SampleJob.config(arguments)
                .setAutoScaling(Boolean.parseBoolean(command[1]))
                .addJar(new java.io.File(command[0]))).getIdString();
    }
}
