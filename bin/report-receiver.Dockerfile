# The receiver's task: one bundled file on the Node that Lambda runs. Built from its folder of build/.
FROM public.ecr.aws/docker/library/node:24-slim
WORKDIR /app
COPY index.mjs index.mjs.map package.json ./
USER node
# Node is process 1 and gets the SIGTERM of a stopping task.
CMD ["node", "index.mjs"]
