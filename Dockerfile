# The image of head pods, worker pods and the operator: `docker build -t mantaray/manta .`
ARG NODE_IMAGE=node:24-bookworm-slim

# What npm needs to know of the workspaces, and nothing that changes with the code.
FROM ${NODE_IMAGE} AS manifests
WORKDIR /src
COPY package.json package-lock.json .npmrc ./
COPY packages/mantaray/package.json packages/mantaray/
COPY packages/operator/package.json packages/operator/
COPY packages/testkit/package.json packages/testkit/
COPY examples/package.json examples/

# Scripts of packages do not run: the build is called by its name below.
FROM manifests AS build
RUN npm ci --ignore-scripts
COPY tools/build tools/build
COPY tools/build-operator tools/build-operator
COPY packages/mantaray packages/mantaray
COPY packages/operator packages/operator
RUN node tools/build/main.ts && node tools/build-operator/main.ts

FROM manifests AS dependencies
RUN npm ci --ignore-scripts --omit=dev --workspace mantaray --include-workspace-root=false \
  && rm -rf node_modules/mantaray node_modules/.cache

FROM ${NODE_IMAGE}
# bash and wget are for the probes of manifests written for Ray.
RUN apt-get update \
  && apt-get install --yes --no-install-recommends bash ca-certificates tini wget \
  && rm -rf /var/lib/apt/lists/* /var/log/apt /var/log/dpkg.log \
  && groupmod --new-name ray node \
  && usermod --login ray --home /home/ray --move-home --comment ray node

COPY deploy/image/launch /opt/manta/launch
RUN mkdir /opt/manta/bin \
  && for name in manta ray serve; do ln -s ../packages/mantaray/bin/manta.js "/opt/manta/bin/$name"; done \
  && ln -s ../packages/operator/dist/main.js /opt/manta/bin/manta-operator \
  && for name in manta ray serve manta-operator; do ln -s /opt/manta/launch "/usr/local/bin/$name"; done

# What changes least comes first, so that a new version is a small download.
COPY --from=dependencies /src/node_modules /opt/manta/node_modules
COPY --from=build /src/packages/operator/package.json /opt/manta/packages/operator/package.json
COPY --from=build /src/packages/operator/dist /opt/manta/packages/operator/dist
COPY --from=build /src/packages/mantaray/package.json /opt/manta/packages/mantaray/package.json
COPY --from=build /src/packages/mantaray/bin /opt/manta/packages/mantaray/bin
COPY --from=build /src/packages/mantaray/dist /opt/manta/packages/mantaray/dist
# The application of the quickstart.
COPY examples/fruit /opt/manta/examples/fruit

ENV NODE_ENV=production
# An application of one's own is mounted at the first, or an image on this one has it there.
ENV MANTA_APP_PATH=/home/ray/app:/opt/manta/examples/fruit
# By number, so that Kubernetes can tell that it is not root.
USER 1000:1000
WORKDIR /home/ray
CMD ["manta", "--help"]
