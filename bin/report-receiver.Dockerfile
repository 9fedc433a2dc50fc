# The receiver's task: one bundled file on the Node that Lambda runs. Built from its folder of build/. By digest, so that the
# same source is the same image; docs/decisions/0019 says where the digest is from and how to renew it.
FROM public.ecr.aws/docker/library/node:24.19.0-bookworm-slim@sha256:cd84903a12dbd26b46f1f3b8144a2568c41c5d37ddd0c7a80a34c7a19786b35f
WORKDIR /app
COPY index.mjs index.mjs.map package.json ./
USER node
# Node is process 1 and gets the SIGTERM of a stopping task.
CMD ["node", "index.mjs"]
