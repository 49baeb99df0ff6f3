package bayeux.testserver;

import org.cometd.bayeux.Promise;
import org.cometd.bayeux.server.BayeuxServer;
import org.cometd.bayeux.server.ServerChannel;
import org.cometd.bayeux.server.ServerMessage;
import org.cometd.bayeux.server.ServerSession;

/**
 * Two remote calls, /service/echo and /service/fail: the data comes back as a result or as a failure.
 *
 * <p>The answer has the shape of CometD's own annotated remote calls: an event on the call's channel with
 * the call's id and "successful". Any other /service channel is a call that is never answered.
 */
final class RemoteCalls implements ServerChannel.MessageListener {
    private final BayeuxServer bayeux;
    private final boolean successful;

    private RemoteCalls(BayeuxServer bayeux, boolean successful) {
        this.bayeux = bayeux;
        this.successful = successful;
    }

    static void offer(BayeuxServer bayeux) {
        offer(bayeux, "/service/echo", true);
        offer(bayeux, "/service/fail", false);
    }

    private static void offer(BayeuxServer bayeux, String channel, boolean successful) {
        bayeux.createChannelIfAbsent(channel, created -> {
            created.setPersistent(true);
            created.addListener(new RemoteCalls(bayeux, successful));
        });
    }

    @Override
    public boolean onMessage(ServerSession caller, ServerChannel channel, ServerMessage.Mutable call) {
        ServerMessage.Mutable answer = bayeux.newMessage();
        answer.setId(call.getId());
        answer.setChannel(call.getChannel());
        answer.setSuccessful(successful);
        answer.setData(call.getData());
        caller.deliver(null, answer, Promise.noop());
        return true;
    }
}
