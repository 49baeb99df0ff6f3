package bayeux.testserver;

import java.util.Map;
import org.cometd.bayeux.server.BayeuxServer;
import org.cometd.bayeux.server.SecurityPolicy;
import org.cometd.bayeux.server.ServerChannel;
import org.cometd.bayeux.server.ServerMessage;
import org.cometd.bayeux.server.ServerSession;

/** Allows everything, but for what asks to be refused: channels below /denied, and a handshake with ext.deny. */
final class TestPolicy implements SecurityPolicy {
    private static final String DENIED = "/denied/";

    @Override
    public boolean canHandshake(BayeuxServer server, ServerSession session, ServerMessage message) {
        Map<String, Object> ext = message.getExt();
        return ext == null || !Boolean.TRUE.equals(ext.get("deny"));
    }

    @Override
    public boolean canCreate(BayeuxServer server, ServerSession session, String channel, ServerMessage message) {
        return !channel.startsWith(DENIED);
    }

    @Override
    public boolean canSubscribe(BayeuxServer server, ServerSession session, ServerChannel channel, ServerMessage message) {
        return !channel.getId().startsWith(DENIED);
    }

    @Override
    public boolean canPublish(BayeuxServer server, ServerSession session, ServerChannel channel, ServerMessage message) {
        return !channel.getId().startsWith(DENIED);
    }
}
