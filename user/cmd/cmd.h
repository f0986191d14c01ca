/* SPDX-License-Identifier: BSD-2-Clause */
/* The subcommands. Each takes its own arguments (argv[0] is its name) and returns an exit code (enum tare_exit_code).
 */
#ifndef TARE_CMD_H
#define TARE_CMD_H

int cmd_run(int argc, char **argv);
int cmd_record(int argc, char **argv);
int cmd_report(int argc, char **argv);
int cmd_pauses(int argc, char **argv);
int cmd_goroutines(int argc, char **argv);
int cmd_diff(int argc, char **argv);
int cmd_heap(int argc, char **argv);
int cmd_top(int argc, char **argv);
int cmd_claims(int argc, char **argv);
int cmd_serve(int argc, char **argv);
int cmd_export(int argc, char **argv);
int cmd_calibrate(int argc, char **argv);
int cmd_doctor(int argc, char **argv);

#define TARE_DEFAULT_FILE "tare.data"

#endif /* TARE_CMD_H */
