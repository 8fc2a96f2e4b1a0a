# The operator's image: docker build -t jet-operator .
FROM node:24-slim AS build
WORKDIR /src
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY tsconfig.json ./
COPY scripts/build.ts scripts/bundle.ts scripts/
COPY src src
RUN node scripts/build.ts

FROM node:24-slim
ENV NODE_ENV=production
WORKDIR /app
COPY --from=build /src/dist ./
# A number, so that runAsNonRoot can judge it. Nothing is written: the root file system may be read-only.
USER 65532:65532
ENTRYPOINT ["node", "--max-semi-space-size=1", "/app/main.mjs"]
