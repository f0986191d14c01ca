#!/usr/bin/env perl
# SPDX-License-Identifier: BSD-2-Clause
#
#   harness.pl [--loaded] FILE...    runs test files, counts their results
#
# One more than there are CPUs run at a time: many only wait, and their claims hold on a busy machine. But those that
# inject faults (truth) and the soak run one after another: they take whole CPUs away, and look for what stays in the
# kernel. Beside them run only those that record nothing. The longest ones start first and the short ones last, so that no
# CPU idles at the end. A file that dies, or ends without its plan, has failed.
use strict;
use warnings;
use TAP::Harness;

my $loaded = @ARGV && $ARGV[0] eq '--loaded' && shift @ARGV;
my $seconds = $ENV{TEST_SECONDS} ||= 1800;
$ENV{LC_ALL} = 'C';
$ENV{CMOCKA_MESSAGE_OUTPUT} = 'TAP';
chomp(my $cpus = `nproc`);

# cmocka's reasons are comments on stdout, where a harness drops them, and its skips are "not ok"
my $unit = q{set -o pipefail; "$0" | awk '
	/^not ok [0-9]+ # SKIP/ { sub("^not ", "") }
	/^#/ && !/^# (not )?ok - / { print > "/dev/stderr" }
	{ print; fflush() }'};
# the corpus and a short search, with only an exit status
my $fuzz = q{if out=$(tests/fuzz/run 2 "${0##*/fuzz_}" 2>&1); then echo "ok 1 - corpus and search"; else
	printf "%s\n" "$out" | sed "s/^/# /" >&2; echo "not ok 1 - corpus and search"; fi; echo 1..1};

my @long = map { "tests/$_" } qw(live/serve.sh live/alloc_sites.sh truth/ledger.sh live/faults.sh live/flight.sh
	live/top.sh live/targets.sh live/what_if.sh live/claims.sh live/heap_recorded.sh live/go_exit.sh live/weft.sh
	live/workloads_others.sh live/go_costs.sh live/exact.sh live/symbols.sh live/loss.sh);
my @kinds = (
	[ qr{^build/unit/}, sub { 'bash', '-c', $unit, "./$_[0]" } ],
	[ qr{^build/fuzz/}, sub { 'bash', '-c', $fuzz, "./$_[0]" } ],
	[ qr{^tests/weft/}, sub { 'bash', "./$_[0]" } ],
);

sub command {
	my $file = $_[1];
	my ($kind) = grep { $file =~ $_->[0] } @kinds;
	return ['timeout', '-k', '30', $seconds, $kind ? $kind->[1]($file) : ('bash', "./$file")];
}

# Ends with the harness, however that ends.
sub busy {
	my $harness = $$;
	my $pid = fork() // die "harness: fork: $!\n";
	return $pid if $pid;
	@SIG{qw(INT TERM)} = ('DEFAULT', 'DEFAULT');
	while (getppid() == $harness) {
		for (1 .. 100_000) { }
	}
	exit;
}

# `timeout` makes its own process group, which Ctrl-C does not reach
sub end_children {
	open(my $f, '<', "/proc/$$/task/$$/children") or return;
	kill(TERM => split(' ', <$f> // ''));
}
$SIG{INT} = $SIG{TERM} = sub { end_children(); exit 130 };

# Linux 6.18 lets kernel threads starve on a CPU where a group of tasks switches 100,000 times a second: each switch weighs
# the group anew and takes its virtual time back (seen: 0.6 ms on in 3 s of running). Then nobody gets a grace period of
# SRCU, so no probe comes or goes, until that workload ends. Without groups by session there is none that does so here.
my $autogroup = '/proc/sys/kernel/sched_autogroup_enabled';
my $grouped;
sub set_autogroup {
	open(my $f, '>', $autogroup) or return;
	print $f $_[0];
}
if (open(my $f, '<', $autogroup)) {
	chomp($grouped = <$f> // '');
	set_autogroup(0) if $grouped eq '1';
}
my $harness_pid = $$;
END { set_autogroup(1) if ($grouped // '') eq '1' && $$ == $harness_pid }

# passed, failed and skipped results of one file
sub count {
	my ($file, $p) = @_;
	print "$file: did not end within $seconds s\n" if $p->exit == 124;
	my $skipped = () = $p->skipped;
	my $passed = (() = $p->passed) - $skipped;	# a skipped test is ok in TAP
	my $failed = () = $p->failed;
	my $missing = ($p->tests_planned // 0) - $p->tests_run;
	$failed += $missing if $missing > 0;
	$failed ||= 1 if $p->has_problems;
	$skipped ||= 1 if $p->skip_all && !$failed;
	return ($passed, $failed, $skipped);
}

$| = 1;
my @busy = $loaded ? map { busy() } 1 .. $cpus : ();
my $harness = TAP::Harness->new({ exec => \&command, jobs => $cpus + 1, verbosity => $ENV{V} ? 1 : 0, timer => 1,
	failures => 1, errors => 1, color => -t STDOUT && !$ENV{NO_COLOR},
	rules => { seq => [{ par => [@long, 'tests/truth/weft_events.sh', 'tests/live/*'] },
		{ par => [{ seq => ['tests/truth/*', 'tests/go/*'] }, 'tests/weft/*', 'build/fuzz/*', 'build/unit/*'] }] } });
my $results = $harness->runtests(@ARGV);
kill(TERM => @busy);
waitpid($_, 0) for @busy;

my @sum = (0, 0, 0);
for my $file (@ARGV) {
	my @n = count($file, $results->parsers($file));
	$sum[$_] += $n[$_] for 0 .. 2;
}
printf("%d passed, %d failed, %d skipped\n", @sum);
exit($sum[1] ? 1 : 0);
