// Reports that go out by mail, as `/api/v1/reports` tells of them.

export interface ReportSchedule {
  name: string;
  product: string;
  every: "week" | "month" | "quarter";
  /** When in it: `Mon 09:00`. */
  at: string;
  zone: string;
  language: string;
  formats: string[];
  to: string[];
  next: { due: string; period: string } | null;
  /** Why none can be written or sent as things are. */
  error: string | null;
  /** Mails that no server has taken yet. */
  waiting: { period: string; due: string; error: string | null; again: string | null }[];
}
