# One image for dashboard, HTTP service, batches and command line: `docker build -t face-value .`
FROM python:3.13-slim AS wheel
WORKDIR /source
COPY . .
RUN pip wheel --no-cache-dir --no-deps --wheel-dir /wheels . && \
    grep -E "^(authlib|fastapi|httpx|python-multipart|uvicorn)==" requirements-optional.txt > /wheels/optional.txt

FROM python:3.13-slim
# The versions that are tested. TensorFlow, which only training needs, is not among what the wheel asks for.
RUN --mount=type=bind,from=wheel,source=/wheels,target=/wheels \
    --mount=type=bind,source=requirements.txt,target=/requirements.txt \
    pip install --no-cache-dir --constraint /requirements.txt --constraint /wheels/optional.txt \
    "face-value[dashboard,sign-in,service] @ file://$(echo /wheels/*.whl)"
# A tmpfs over the home is root's, with the rights of this folder, and batches run as other users.
RUN useradd --create-home --uid 10001 faces && install -d -o faces -g faces /data && chmod 1777 /home/faces
USER 10001
WORKDIR /home/faces
# Inside, the address is that of the container; which addresses of the machine reach it, `compose.yaml` says.
ENV STREAMLIT_SERVER_ADDRESS=0.0.0.0 MPLCONFIGDIR=/tmp/matplotlib
EXPOSE 8501 8600
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8501/_stcore/health', timeout=4)"]
ENTRYPOINT ["face-value"]
CMD ["dashboard"]
