// Package attendance is the daily check (日检查, 63号 第八条, 第十五条): it reads
// swipes, leave, make-up punches and inspections as the day of each person and
// window, and says what each line stands on. It owns the swipes of every day, the
// requests and decisions about them, the check sheet with its revisions, and who
// is at which window now.
//
// A sheet is made from what is known of a day, never from the order in which it
// arrived. The package is pure: it knows no clock, store or socket.
package attendance
