package bayeux.testserver;

import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BiConsumer;

/** A run of numbered events: {"seq": n, "t": nanoseconds since the epoch, "payload": "xxx..."} and further members. */
final class EventSource {
    private static final double NANOS = 1e9;
    private final BiConsumer<Integer, Object> sink;
    private final Map<String, Object> members;
    private final boolean replay;
    private int next;

    /** Takes what is called with each number and its data; with replay, each event has a replay id. */
    EventSource(
            BiConsumer<Integer, Object> sink, int start, int size, Map<String, Object> members, boolean replay) {
        this.sink = sink;
        this.next = start;
        this.members = new HashMap<>();
        this.members.put("payload", "x".repeat(size));
        this.members.putAll(members);
        this.replay = replay;
    }

    /** Emits all at once; or, with a rate (events per second), returns and emits from a thread of its own. */
    void emit(int count, double rate) {
        if (rate > 0) {
            Thread thread = new Thread(() -> paced(count, rate), "events");
            thread.setDaemon(true);
            thread.start();
        } else {
            for (int i = 0; i < count; i++) {
                one();
            }
        }
    }

    private void paced(int count, double rate) {
        long begin = System.nanoTime();
        for (int i = 0; i < count; i++) {
            long due = begin + (long) (i * NANOS / rate);
            for (long wait = due - System.nanoTime(); wait > 0; wait = due - System.nanoTime()) {
                LockSupport.parkNanos(wait);
            }
            one();
        }
    }

    private void one() {
        Instant now = Instant.now();
        long nanos = now.getEpochSecond() * (long) NANOS + now.getNano();
        int number = next++;
        Map<String, Object> data = new HashMap<>(members);
        data.put("seq", number);
        data.put("t", nanos);
        if (replay) {
            data.put("event", Map.of("replayId", number + 1));
        }
        sink.accept(number, data);
    }
}
