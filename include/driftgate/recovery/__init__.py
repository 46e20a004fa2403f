"""Recovery: releases that can be served again from nothing, backups, and the drill that proves it."""

from driftgate.recovery.backup import Backup, create_backup, restore_backup
from driftgate.recovery.drill import Drill, drill
from driftgate.recovery.release import release_of, restore_release

__all__ = ["Backup", "Drill", "create_backup", "drill", "release_of", "restore_backup", "restore_release"]
