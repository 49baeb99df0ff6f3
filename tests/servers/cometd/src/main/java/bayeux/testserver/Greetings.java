package bayeux.testserver;

import java.util.Map;
import org.cometd.bayeux.Promise;
import org.cometd.bayeux.server.BayeuxServer;
import org.cometd.bayeux.server.ServerMessage;
import org.cometd.bayeux.server.ServerSession;

/**
 * Has numbered events on /greetings for each new session, whether it has subscribed or not.
 *
 * <p>With CometD's option allowMessageDeliveryDuringHandshake they come with the handshake's reply.
 */
final class Greetings implements BayeuxServer.SessionListener {
    private final int count;

    Greetings(int count) {
        this.count = count;
    }

    @Override
    public void sessionAdded(ServerSession session, ServerMessage message) {
        EventSource events = new EventSource(
            (number, data) -> session.deliver(null, "/greetings", data, Promise.noop()), 0, 0, Map.of(), false);
        events.emit(count, 0);
    }
}
