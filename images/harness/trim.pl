# Removes everything in a workspace but the folders that are named on stdin, each ended by a NUL, and lets everybody
# read what stays and its group write: users of several boxes share it, each over a layer of its own.
#   trim.pl WORKSPACE
# The directories above a kept folder are made anew: the old ones may say, to an overlay, that they hide what is below.
# Core modules of perl-base alone. No link is followed.
use strict;
use warnings;
use bytes;
use Fcntl qw(:mode);

my $root = shift;
my %keep = do { local $/; map { $_ => 1 } split /\0/, <STDIN> // '' };
my %way = map { my @parts = split m{/}; map { join('/', @parts[0 .. $_]) => 1 } 0 .. $#parts - 1 } keys %keep;

sub is_dir {
  my @stat = lstat shift;
  return @stat && S_ISDIR($stat[2]);
}

sub names {
  my $dir = shift;
  opendir my $handle, $dir or die "opendir: $!\n";
  my @names = grep { $_ ne '.' && $_ ne '..' } readdir $handle;
  closedir $handle;
  return @names;
}

sub gone {
  my $path = shift;
  system('rm', '-rf', '--', $path) == 0 or die "could not remove a path\n";
}

# No setuid bit stays. What is neither a file nor a folder (a mark of deletion, a link) has no mode of its own.
sub open_up {
  my @below = shift;
  while (defined(my $dir = pop @below)) {
    allow($dir, 0775);
    for my $path (map { "$dir/$_" } names($dir)) {
      my @stat = lstat $path or die "lstat: $!\n";
      if (S_ISDIR($stat[2])) { push @below, $path }
      elsif (S_ISREG($stat[2])) { allow($path, $stat[2] & 0111 ? 0775 : 0664, $stat[2]) }
    }
  }
}

sub allow {
  my ($path, $mode, $has) = @_;
  return if defined $has && ($has & 07777) == $mode;
  chmod $mode, $path or die "chmod: $!\n";
}

sub trim {
  my $prefix = shift;
  allow("$root/$prefix", 0775);
  gone("$root/$prefix.bulkhead-new");
  for my $name (names("$root/$prefix")) {
    my $path = "$prefix$name";
    my $real = is_dir("$root/$path");
    if ($real && $keep{$path}) {
      open_up("$root/$path");
      next;
    }
    if ($real && $way{$path}) {
      trim("$path/");
      my $new = "$root/$prefix.bulkhead-new";
      mkdir $new, 0775 or die "mkdir: $!\n";
      for my $kept (names("$root/$path")) {
        rename "$root/$path/$kept", "$new/$kept" or die "rename: $!\n";
      }
      rmdir "$root/$path" or die "rmdir: $!\n";
      # One that leads to nothing is not needed.
      next if rmdir $new;
      rename $new, "$root/$path" or die "rename: $!\n";
      allow("$root/$path", 0775);
    } else {
      gone("$root/$path");
    }
  }
}

# A command that wrote nothing has no workspace in what it wrote.
trim('') if is_dir($root);
