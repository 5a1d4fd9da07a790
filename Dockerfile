# Millwright in a container: built on Debian 13 by the same set-up as anywhere, then only what the programs need.
#
#   docker build -t millwright .
#   docker run --rm -p 8080:8080 -v millwright:/var/lib/millwright millwright hub …
#
# A package mirror or an npm registry other than the default comes in from outside (build network, npm_config_registry).
FROM debian:13-slim AS build
ARG npm_config_registry
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates git make && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY . .
RUN make build && cmake --install build/release --prefix /opt/millwright --strip
# The packages that own the libraries which the programs load.
RUN find /opt/millwright -type f \( -perm -u+x -o -name '*.so' \) -exec ldd {} + | awk '$3 ~ /^\// { print $3 }' | sort -u \
    | grep -v '^/opt/' | xargs realpath | xargs dpkg -S | cut -d: -f1 | sort -u > /opt/millwright/packages

FROM debian:13-slim
COPY --from=build /opt/millwright /usr/
RUN apt-get update \
    && printf '#!/bin/sh\nexit 101\n' > /usr/sbin/policy-rc.d && chmod 755 /usr/sbin/policy-rc.d \
    && xargs apt-get install -y --no-install-recommends mosquitto ca-certificates < /usr/packages \
    && rm -rf /var/lib/apt/lists/* /usr/packages /usr/sbin/policy-rc.d \
    && useradd --system --home-dir /var/lib/millwright --create-home millwright
USER millwright
VOLUME /var/lib/millwright
EXPOSE 8080
ENTRYPOINT ["/usr/bin/millwright"]
CMD ["--help"]
