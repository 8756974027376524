"""The bucket as a process of its own: `python -m tests.torture.bucket FOLDER PORT`. Its objects are files."""

import sys
from pathlib import Path

from streamlake.local.bucket_server import serve_bucket

NAME = "torture-lake"

if __name__ == "__main__":
    serve_bucket(NAME, Path(sys.argv[1]), int(sys.argv[2])).serve_forever()
