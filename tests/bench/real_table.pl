#!/usr/bin/env perl
# SPDX-License-Identifier: BSD-2-Clause
#
#   real_table.pl [--json] SAMPLES                    what tests/bench/real.sh measured, as one table
#   real_table.pl --line SERVER TOOL SAMPLES          one row of it, in words
#   real_table.pl --is-narrow P SERVER TOOL SAMPLES   is the interval at most P points to each side? Its exit status says
#
# What is left is the work in a second of the server's CPU time with the tool, of that without: for each pair of blocks
# one ratio; the mean of their logarithms, with Student's interval at 95 %.
use strict;
use warnings;
use JSON::PP;

# The 97.5 % point of Student's distribution with @n degrees of freedom: by its tables, then by the expansion of Abramowitz
# and Stegun, 26.7.5
my @few = (undef, 12.706, 4.303, 3.182, 2.776, 2.571);

sub student
{
	my ($n) = @_;
	my $z = 1.959964;
	return $few[$n] if $n < @few;
	return $z + ($z**3 + $z) / (4 * $n) + (5 * $z**5 + 16 * $z**3 + 3 * $z) / (96 * $n**2)
		+ (3 * $z**7 + 19 * $z**5 + 17 * $z**3 - 15 * $z) / (384 * $n**3);
}

sub read_samples
{
	my ($path) = @_;
	open(my $in, '<', $path) or die "$path: $!\n";
	return map { decode_json($_) } <$in>;
}

sub sum { my $n = 0; $n += $_ for @_; return $n }
sub mean { return @_ ? sum(@_) / @_ : undef }
sub median { my @v = sort { $a <=> $b } @_; return @v ? ($v[$#v / 2] + $v[@v / 2]) / 2 : undef }

# Of each whole pair: { with => [windows], without => [windows] }
sub pairs
{
	my %pairs;
	push @{ $pairs{ $_->{pair} }{ $_->{with} ? 'with' : 'without' } }, $_ for @_;
	return grep { $_->{with} && $_->{without} } map { $pairs{$_} } sort { $a <=> $b } keys %pairs;
}

# Work in a second of the server's CPU time
sub economy { my $cpu = sum(map { $_->{cpu_ns} } @_); return $cpu ? sum(map { $_->{work} } @_) / $cpu : 0 }
sub idle { return sum(map { $_->{idle_ns} } @_) / sum(map { $_->{wall_ns} } @_) }
sub p99 { return median(map { $_->{p99_ns} } @_) }

# Of @pairs, the mean of @log_ratios: (what, half of the interval), in the ratio's own terms
sub interval
{
	my @logs = @_;
	my $n = @logs;
	return (undef, undef) if $n < 3;
	my $mean = mean(@logs);
	my $half = student($n - 1) * sqrt(sum(map { ($_ - $mean)**2 } @logs) / ($n - 1) / $n);
	return (exp $mean, (exp($mean + $half) - exp($mean - $half)) / 2);
}

sub ratios
{
	my ($figure, @pairs) = @_;
	return map { log($figure->(@{ $_->{with} }) / $figure->(@{ $_->{without} })) }
		grep { $figure->(@{ $_->{with} }) && $figure->(@{ $_->{without} }) } @pairs;
}

sub row
{
	my ($server, $tool, @samples) = @_;
	my @own = grep { ($_->{server} // '') eq $server && ($_->{tool} // '') eq $tool } @samples;
	my @pairs = pairs(grep { $_->{what} eq 'window' } @own) or return;
	my @accounts = grep { $_->{what} eq 'account' } @own;
	my @with = map { @{ $_->{with} } } @pairs;
	my @without = map { @{ $_->{without} } } @pairs;
	my ($left, $half) = interval(ratios(\&economy, @pairs));
	my ($prompt, $prompt_half) = interval(map { -$_ } ratios(\&p99, @pairs));	# so that more is better, as with the work
	my $gross = sum(map { $_->{gross_ns} } @accounts);
	my %row = (server => $server, tool => $tool, pairs => scalar @pairs, windows => @with + @without,
		left => $left, half_width => $half, p99_ns => p99(@without), p99_left => $prompt, p99_left_half_width => $prompt_half,
		idle_lost => 100 * (idle(@without) - idle(@with)), errors => sum(map { $_->{errors} } @with, @without),
		recorder_cpu => 100 * sum(map { $_->{recorder_ns} } @with) / sum(map { $_->{wall_ns} } @with),
		recorder_of_server => 100 * sum(map { $_->{recorder_ns} } @with) / sum(map { $_->{cpu_ns} } @with));
	if ($gross && defined $left) {
		$row{told} = 100 * sum(map { $_->{in_target_ns} } @accounts) / $gross;
		$row{told_half_width} = 100 * $half;
		$row{events_lost} = sum(map { $_->{lost} } @accounts);
	}
	return \%row;
}

sub cell { my ($format, @values) = @_; return grep({ !defined } @values) ? '-' : sprintf $format, @values }

sub in_words
{
	my ($r) = @_;
	return 'nothing was measured' unless $r;
	return cell('%.4f +- %.4f left', @$r{qw(left half_width)}) . ", $r->{windows} windows in $r->{pairs} pairs";
}

sub print_table
{
	my ($rows, $machine, $end) = @_;
	my $server = '';
	print "What is left of a server's requests in a second of its CPU time while it is watched\n";
	print "Linux $machine->{kernel}, $machine->{cpus} CPUs, load $machine->{began}",
		$end ? " at first and $end->{ended} at last" : '', "; windows of $machine->{window_s} s\n";
	printf "\n%-12s%17s%9s%17s%9s%11s%14s\n", '', 'left, 95 %', 'windows', '1 / p99', 'idle', 'recorder,', 'lost, % of CPU';
	printf "%-12s%17s%9s%17s%9s%11s%14s\n", '', '', '', '', 'lost', '% of a CPU', 'seen    told';
	for my $r (@$rows) {
		if ($r->{server} ne $server) {
			$server = $r->{server};
			print "$server: ", $r->{p99_ns} ? "$r->{rate} requests a second, p99 " . int($r->{p99_ns} / 1000) . " us\n" : "switches\n";
		}
		printf "  %-10s%17s%9d%17s%7.1f %%%11s%7s%7s\n", $r->{tool}, cell('%.3f +- %.3f', @$r{qw(left half_width)}), $r->{windows},
			cell('%.2f +- %.2f', @$r{qw(p99_left p99_left_half_width)}), $r->{idle_lost},
			cell('%.1f', $r->{recorder_cpu}), cell('%.1f', defined $r->{told} ? 100 * (1 - $r->{left}) : undef), cell('%.1f', $r->{told});
	}
	my @wide = grep { !defined $_->{half_width} || $_->{half_width} > $machine->{half_width} / 100 } @$rows;
	print "\n" if @wide;
	print "note: $_->{server}, $_->{tool}: the limit came before +- $machine->{half_width} points\n" for @wide;
	print "note: $_->{server}, $_->{tool}: $_->{errors} requests failed\n" for grep { $_->{errors} } @$rows;
	print "note: $_->{server}, $_->{tool}: $_->{events_lost} events were not recorded\n" for grep { $_->{events_lost} } @$rows;
}

my $how = ($ARGV[0] // '') =~ /^--/ ? substr(shift @ARGV, 2) : '';
my $width = $how eq 'is-narrow' ? shift @ARGV : undef;
my @samples = read_samples($ARGV[-1]);
if ($how eq 'is-narrow' || $how eq 'line') {
	my $r = row(@ARGV[0, 1], @samples);
	exit !($r && defined $r->{half_width} && $r->{half_width} <= $width / 100) if $how eq 'is-narrow';
	print in_words($r), "\n";
	exit 0;
}
my ($machine) = grep { $_->{what} eq 'machine' } @samples;
my ($end) = grep { $_->{what} eq 'end' } @samples;
my @rows;
for my $s (grep { $_->{what} eq 'server' } @samples) {
	my %seen;
	my @tools = grep { !$seen{$_}++ } map { $_->{tool} } grep { $_->{what} eq 'window' && $_->{server} eq $s->{server} } @samples;
	push @rows, map { my $r = row($s->{server}, $_, @samples); $r ? { %$r, rate => $s->{rate} } : () } @tools;
}
if ($how eq 'json') {
	print JSON::PP->new->pretty->canonical->encode({ schema => 'tare.bench-real/1', machine => { %$machine, $end ? (ended => $end->{ended}) : () },
		rows => \@rows });
} else {
	print_table(\@rows, $machine, $end);
}
