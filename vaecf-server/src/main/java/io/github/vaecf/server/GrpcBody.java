package io.github.vaecf.server;

import io.grpc.MethodDescriptor;
import io.grpc.StatusRuntimeException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.Optional;
import org.eclipse.jetty.http.HttpStatus;

/**
 * A request's message as it arrived by gRPC, or why it could not be read. What it means is looked
 * at later, where a mistake in it can be told the client.
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
record GrpcBody(byte[] bytes, Optional<RequestException> problem) {
  /** Takes messages as they are. */
  static final MethodDescriptor.Marshaller<GrpcBody> MARSHALLER =
      new MethodDescriptor.Marshaller<>() {
        @Override
        public InputStream stream(GrpcBody body) {
          return new ByteArrayInputStream(body.bytes());
        }

        @Override
        public GrpcBody parse(InputStream in) {
          try {
            return new GrpcBody(in.readAllBytes(), Optional.empty());
          } catch (StatusRuntimeException e) {
            // A message that is longer than allowed only when its compression is undone.
            return refused(
                HttpStatus.PAYLOAD_TOO_LARGE_413, String.valueOf(e.getStatus().getDescription()));
          } catch (IOException e) {
            return refused(
                HttpStatus.BAD_REQUEST_400,
                "the message is no whole gzip (" + e.getMessage() + ")");
          }
        }
      };

  private static GrpcBody refused(int status, String problem) {
    return new GrpcBody(new byte[0], Optional.of(new RequestException(status, problem)));
  }
}
