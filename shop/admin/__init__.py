"""The desks of what the shop package keeps itself: background jobs and sheets."""

from shop.admin.jobs import TASKS, JobDesk, failed_jobs_badge
from shop.admin.sheet_rights import may_see_sheets
from shop.admin.sheets import SheetDesk

__all__ = ["TASKS", "JobDesk", "SheetDesk", "failed_jobs_badge", "may_see_sheets"]
