"""Entry point: loads the settings of this stack and composes the platform. Declares no resource and decides nothing."""

import datetime
import gc
import sys
from pathlib import Path

import pulumi

from stacks.environment import load_environment
from stacks.plan import make_plan
from stacks.platform import Platform
from stacks.problems import SettingsError
from stacks.settings import CONFIG_KEY

# the SDKs' classes stay to the end: without this Python looks through all of them for garbage, when it ends for over a second
gc.freeze()

try:
    environment = load_environment(
        Path(__file__).parent, pulumi.get_stack(), pulumi.get_project(), pulumi.Config().get_object(CONFIG_KEY)
    )
    plan = make_plan(environment, environment.settings.today or datetime.datetime.now(datetime.UTC).date())
    outputs = Platform(plan).outputs()
except SettingsError as error:
    pulumi.log.error(str(error))
    # the code by which Pulumi's Python program runner says "the message has been shown": no second error, no traceback
    sys.exit(32)

for name, value in outputs.items():
    pulumi.export(name, value)
