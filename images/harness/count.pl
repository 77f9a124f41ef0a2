# Counts what a tree takes on the disk, and prints `counted BYTES INODES COMPLETE`.
#   count.pl ROOT MAX_INODES
# Allocated blocks, not sizes; a file of several names once. Stops at MAX_INODES: no more is needed to end a box.
# Goes by chdir, one name at a time, so that no depth is too deep; the box that owns the tree stands still. Follows no link.
use strict;
use warnings;
use Fcntl qw(:mode);

my ($root, $max) = @ARGV;
my ($blocks, $inodes, $complete) = (0, 0, 1);
my %seen;

# The names of directories in the current one; counts everything in it.
sub enter {
  opendir my $handle, '.' or die "opendir: $!\n";
  my @directories;
  while (defined(my $name = readdir $handle)) {
    next if $name eq '.' || $name eq '..';
    my @stat = lstat $name or die "lstat: $!\n";
    if (S_ISDIR($stat[2])) { push @directories, $name }
    elsif ($stat[3] > 1 && $seen{"$stat[0]:$stat[1]"}++) { next }
    $inodes++;
    $blocks += $stat[12] || 0;
    if ($inodes >= $max) { $complete = 0; last }
  }
  closedir $handle;
  return \@directories;
}

chdir $root or die "chdir: $!\n";
my @above = (enter());
while (@above && $complete) {
  my $next = pop @{$above[-1]};
  if (defined $next) {
    chdir $next or die "chdir: $!\n";
    push @above, enter();
  } else {
    pop @above;
    chdir '..' or die "chdir: $!\n" if @above;
  }
}
printf "counted %d %d %d\n", $blocks * 512, $inodes, $complete;
