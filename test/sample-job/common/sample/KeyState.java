package sample;

import java.io.Serializable;
import java.util.Arrays;

/** What the job remembers of one key: how many numbers it got, and ballast that makes snapshots as large as wanted. */
final class KeyState implements Serializable {

    private static final long serialVersionUID = 1;

    private final int ballastBytes;
    private long count;
    private byte[] ballast;

    KeyState(int ballastBytes) {
        this.ballastBytes = ballastBytes;
    }

    /** @return {@code n:count:ok}, or {@code n:count:BAD} when an earlier number of this key was lost or came twice */
    String update(long key, long number, long keys) {
        count++;
        boolean intact = count == number / keys + 1 && ballastIntact(key);
        return number + ":" + count + ":" + (intact ? "ok" : "BAD");
    }

    private boolean ballastIntact(long key) {
        byte mark = (byte) (key * 31 + 7);
        if (ballast == null) {
            ballast = new byte[ballastBytes];
            Arrays.fill(ballast, mark);
        }
        boolean whole = ballast.length == ballastBytes;
        return whole && (ballastBytes == 0 || ballast[0] == mark && ballast[ballastBytes - 1] == mark);
    }
}
