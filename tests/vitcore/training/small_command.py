"""`python -m vitcore` with a model of seconds: `python -m tests.vitcore.training.small_command`.

Prints the loss of each step as this process has it. With STOP_AFTER=N the run is told to stop
after N steps, as by its page.
"""

import os
import sys

from tests.vitcore.small_models import small_config
from vitcore.config import PRESETS

PRESETS["smallest"] = small_config(depth=1, dropout=0.1, attention_dropout=0.1, pooling="class")

if __name__ == "__main__":
    from vitcore.cli import train as command
    from vitcore.cli.main import main
    from vitcore.training import metrics

    add, say = metrics.MetricsBuffer.add, command._say_event

    def printing_add(self, step):
        add(self, step)
        self.seconds += 1.0  # every step is told
        print(f"loss {step.number} {float(step.loss)!r}", flush=True)

    def stopping_say(event):
        say(event)
        if event["event"] == "step" and event["step"] == int(os.environ.get("STOP_AFTER", "0")):
            command.write_control(sys.argv[sys.argv.index("--run-dir") + 1], "stop")

    metrics.MetricsBuffer.add = printing_add
    command._say_event = stopping_say
    sys.exit(main(sys.argv[1:]))
