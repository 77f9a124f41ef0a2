# Writes what a box changed, as frames on stdout. Nothing of the box runs meanwhile: it is stopped, or paused for a preview.
#   export.pl UPPER MERGED LOWER MAX_FILE_BYTES MAGIC
# MAGIC is the first word of the stream: BHX1 for an export, BHP1 for a preview, so that one is never taken for the other.
# The upper directory only nominates paths; types and bytes come from the merged view; what equals the lower is left out.
# Frame: kind, flags (1 executable, 2 bytes left out), length of the path, true size, length of the data; path; data.
# Core modules of perl-base alone. Nothing here follows a link, and nothing writes.
use strict;
use warnings;
use bytes;
use Fcntl qw(:mode O_RDONLY O_NOFOLLOW O_NONBLOCK);

my ($upper, $merged, $lower, $max, $magic) = @ARGV;
my $count = 0;
# PATH_MAX is 4096 with the roots in front; nothing below so long a name can be read, and git could not hold it.
my $longest = 3900;
my $chunk = 1 << 18;

binmode STDOUT;

my $pending = '';

sub flush_out {
  my $at = 0;
  while ($at < length $pending) {
    my $written = syswrite STDOUT, $pending, length($pending) - $at, $at;
    die "stdout: $!\n" unless defined $written;
    $at += $written;
  }
  $pending = '';
}

sub put {
  $pending .= shift;
  flush_out() if length $pending >= $chunk;
}

sub frame {
  my ($kind, $flags, $path, $size, $data) = @_;
  put(pack('a1 C N Q> Q>', $kind, $flags, length $path, $size, length $data) . $path . $data);
  $count++;
}

sub names {
  my $dir = shift;
  opendir my $handle, $dir or die "opendir: $!\n";
  my @names = grep { $_ ne '.' && $_ ne '..' } readdir $handle;
  closedir $handle;
  return @names;
}

sub is_dir {
  my @stat = lstat shift;
  return @stat && S_ISDIR($stat[2]);
}

sub open_file {
  my $path = shift;
  sysopen my $file, $path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK or die "open: $!\n";
  return $file;
}

# Reads exactly this many bytes or dies: a short file is a failure, never a shorter file.
sub take {
  my ($file, $want) = @_;
  my $data = '';
  while (length $data < $want) {
    my $got = sysread $file, $data, $want - length $data, length $data;
    die "read: $!\n" unless defined $got;
    die "read: the file is shorter than its size\n" if $got == 0;
  }
  return $data;
}

sub same_bytes {
  my ($one, $two, $size) = @_;
  my ($a, $b) = (open_file($one), open_file($two));
  for (my $at = 0; $at < $size; $at += $chunk) {
    my $part = $size - $at < $chunk ? $size - $at : $chunk;
    return 0 if take($a, $part) ne take($b, $part);
  }
  return 1;
}

sub regular {
  my ($path, $stat, $base) = @_;
  my ($mode, $size) = @{$stat}[2, 7];
  my $executable = $mode & 0100 ? 1 : 0;
  return if $base && S_ISREG($base->[2]) && $base->[7] == $size && ($base->[2] & 0100 ? 1 : 0) == $executable
    && same_bytes("$merged/$path", "$lower/$path", $size);
  return frame('F', $executable | 2, $path, $size, '') if $size > $max;
  my $file = open_file("$merged/$path");
  put(pack('a1 C N Q> Q>', 'F', $executable, length $path, $size, $size) . $path);
  for (my $at = 0; $at < $size; $at += $chunk) {
    put(take($file, $size - $at < $chunk ? $size - $at : $chunk));
  }
  $count++;
}

sub link_entry {
  my ($path, $base) = @_;
  my $target = readlink "$merged/$path";
  die "readlink: $!\n" unless defined $target;
  return if $base && S_ISLNK($base->[2]) && readlink("$lower/$path") eq $target;
  frame('L', 0, $path, length $target, $target);
}

sub special {
  my ($path, $mode) = @_;
  my $what = S_ISFIFO($mode) ? 'fifo' : S_ISSOCK($mode) ? 'socket' : S_ISBLK($mode) ? 'block device' : S_ISCHR($mode) ? 'character device' : 'unknown';
  frame('S', 0, $path, 0, $what);
}

# One name that the upper directory nominates; returns a directory to go on with, as [path, whether the base has it].
# Where the base has no real directory above it, there is no base: a link there must not be followed.
sub entry {
  my ($path, $in_base) = @_;
  my @stat = lstat "$merged/$path" or return;
  my @base = $in_base ? lstat "$lower/$path" : ();
  my $base = @base ? \@base : undef;
  my $mode = $stat[2];
  my $kept = S_ISREG($mode) || S_ISLNK($mode) || S_ISDIR($mode);
  # A base entry of another kind goes first: a file in the place of a directory takes away the whole subtree.
  frame('D', 0, $path, 0, '') if $base && (!$kept || S_ISDIR($mode) != S_ISDIR($base->[2]));
  if (S_ISREG($mode)) { regular($path, \@stat, $base) }
  elsif (S_ISLNK($mode)) { link_entry($path, $base) }
  elsif (!S_ISDIR($mode)) { special($path, $mode) }
  elsif (length $path > $longest) { frame('S', 0, $path, 0, 'too deep') }
  elsif (is_dir("$upper/$path")) { return [$path, $base && S_ISDIR($base->[2])] }
  return;
}

put($magic);
# A box that wrote nothing has no workspace in its upper directory.
my @directories = is_dir($upper) ? (['', 1]) : ();
while (my $next = pop @directories) {
  my ($dir, $in_base) = @$next;
  my $prefix = $dir eq '' ? '' : "$dir/";
  # The workspace's own history is not work; it is left out at the top alone.
  my @nominated = grep { $dir ne '' || $_ ne '.git' } names("$upper/$dir");
  if ($in_base) {
    my %there = map { $_ => 1 } names("$merged/$dir");
    for my $name (names("$lower/$dir")) {
      next if $there{$name} || ($dir eq '' && $name eq '.git');
      frame('D', 0, "$prefix$name", 0, '');
    }
  }
  push @directories, map { entry("$prefix$_", $in_base) } @nominated;
}
put(pack('a1 C N Q> Q>', 'E', 0, 0, $count, 0));
flush_out();
