package bayeux.testserver;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.cometd.bayeux.server.BayeuxServer;
import org.cometd.bayeux.server.ServerMessage;
import org.cometd.bayeux.server.ServerSession;

/** Knows which sessions have a /meta/connect that the server holds at present. */
final class HeldPolls implements BayeuxServer.SessionListener, ServerSession.HeartBeatListener {
    private final Set<String> held = ConcurrentHashMap.newKeySet();

    boolean contains(ServerSession session) {
        return held.contains(session.getId());
    }

    @Override
    public void sessionAdded(ServerSession session, ServerMessage message) {
        session.addListener(this);
    }

    @Override
    public void onSuspended(ServerSession session, ServerMessage message, long timeout) {
        held.add(session.getId());
    }

    @Override
    public void onResumed(ServerSession session, ServerMessage message, boolean timeout) {
        held.remove(session.getId());
    }
}
