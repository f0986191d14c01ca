#!/usr/bin/env perl
# SPDX-License-Identifier: BSD-2-Clause
#
#   tools/layers.pl      from the project's root; prints what breaks the two rules below, exit status 1 if anything does
#
# 1. A room of user/ includes only its own headers and those of rooms above it in this list. Rooms on one line may not
#    include each other.
# 2. Nothing outside runtime/ knows a language. The format's own terms are allowed: goroutine, P, collection.
use strict;
use warnings;
use File::Find;

my @rooms = map { [split] } (
	'util', 'record', 'file', 'target', 'runtime', 'capture', 'doctor', 'model', 'live', 'report', 'top', 'export', 'claims', 'serve', 'cmd',
);
# capture passes frames to a listener: it comes before the model, and must not know what they mean.

my %language = map { $_ => 1 } qw(golang weft pclntab sigurg goid gopc mheap mcache mspan mbuckets allgs allp allm schedtick
	gcphase worldsema moduledata hotspot v8 libjvm libnode);
# parts of identifiers, split at "_" and at changes of case; \bgo\b as a verb is only checked in code, not in comments
my %part = (%language, go => 1);

my (%level, %home, @found);
for my $i (0 .. $#rooms) { $level{$_} = $i for @{ $rooms[$i] } }

sub each_source
{
	my ($visit, @folders) = @_;
	find({ no_chdir => 1, wanted => sub { $visit->($_) if /\.[ch]$/ } }, @folders);
}

sub room { $_[0] =~ m{^user/([^/]+)/} ? $1 : undef }

sub check_includes
{
	my ($path) = @_;
	my $room = room($path) // return;
	open(my $in, '<', $path) or die "$path: $!\n";
	while (<$in>) {
		my ($name) = /^\s*#\s*include\s+"(?:.*\/)?([^"\/]+)"/ or next;
		my $other = $home{$name} // next;
		next if $other eq $room || $level{$other} < $level{$room};
		push @found, "$path:$.: $room/ may not use $other/ ($name)";
	}
}

# The text without comments; lines and strings are kept.
sub code
{
	my ($text) = @_;
	my $keep_lines = sub { my $t = shift; $t =~ s/[^\n]//g; $t };
	$text =~ s{("(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')|/\*.*?\*/|//[^\n]*}{ $1 // $keep_lines->($&) }gse;
	return $text;
}

sub check_words
{
	my ($path) = @_;
	return if $path =~ m{/runtime/};
	open(my $in, '<', $path) or die "$path: $!\n";
	local $/;
	my $nr = 0;
	for my $line (split /\n/, code(scalar <$in>)) {
		$nr++;
		next if $line =~ /^\s*#\s*include/;
		my %seen;
		# in a string: a language's name
		$seen{$1} = 1 while $line =~ /"(?:[^"]*[^a-zA-Z"])?((?i:golang|weft|pclntab|SIGURG)|Go|go(?="))\b/g;
		(my $bare = $line) =~ s/"(?:\\.|[^"\\])*"/""/g;
		for my $name ($bare =~ /\b([A-Za-z_]\w*)\b/g) {
			my @parts = map { lc } ($name, split(/_+/, $name));
			$seen{$name} = 1 if grep { $part{$_} } @parts;
		}
		push @found, "$path:$nr: names a language: $_" for sort keys %seen;
	}
}

each_source(sub { $home{ $_[0] =~ s{.*/}{}r } = room($_[0]) if $_[0] =~ /\.h$/ && room($_[0]) }, 'user');
each_source(\&check_includes, 'user');
each_source(\&check_words, 'user', 'bpf');
for my $room (map { room("user/$_") // () } map { s{^user/}{}r . 'x' } glob('user/*/')) {
	push @found, "user/$room/: not in the list of rooms of tools/layers.pl" unless exists $level{$room};
}
print "$_\n" for @found;
exit(@found ? 1 : 0);
